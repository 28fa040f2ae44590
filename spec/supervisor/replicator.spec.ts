/** The replicator with real threads and real connections: it replicates, survives crashes of its actors, stops, and starts again. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import sinon from 'sinon';
import type { Config } from '../../lib/config/config.ts';
import type { MergeChain } from '../../lib/core/merge-chain.ts';
import { Replicator } from '../../lib/supervisor/replicator.ts';
import { MAX_CRASHES } from '../../lib/supervisor/restart-policy.ts';
import { accepted } from '../config/reading.ts';
import { startAedes } from '../support/aedes-broker.ts';
import { TestClient } from '../support/client.ts';
import { expectEqualBrokers } from '../support/equal.ts';
import { eventually } from '../support/eventually.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';

const NAMES = ['oslo', 'paris'];

describe('Replicator', () => {
  let brokers: TestBroker[];
  let clients: TestClient[];
  let replicator: Replicator;
  let log: string[];
  /** The threads of this test, in the order of their creation. */
  let threads: Worker[];

  const remember = (worker: Worker) => threads.push(worker);

  beforeEach(async () => {
    threads = [];
    log = [];
    process.on('worker', remember);
    brokers = await Promise.all(NAMES.map(() => startAedes()));
    clients = await Promise.all(brokers.map(({ url }) => TestClient.connect(url)));
    await Promise.all(clients.map(client => client.subscribe('#')));
  });

  afterEach(async () => {
    await replicator?.stop();
    process.off('worker', remember);
    await Promise.all(clients.map(client => client.end()));
    await Promise.all(brokers.map(broker => broker.stop()));
  });

  function configured(more: Readonly<Record<string, string>> = {}): Config {
    const env: Record<string, string> = {
      HOME: '/nowhere',
      MQTTREP_TOPIC_all: '#',
      MQTTREP_MERGE_FREQUENCY: '50',
      MQTTREP_STORE: 'memory',
    };
    for (const [index, name] of NAMES.entries()) {
      const options = { clientId: name, protocolVersion: 4, reconnectPeriod: 50 };
      env[`MQTTREP_CLIENT_${name}`] = brokers[index]?.url ?? '';
      env[`MQTTREP_CONFIG_${name}`] = JSON.stringify(options);
    }
    return accepted({ ...env, ...more }, {});
  }

  function create(more?: Readonly<Record<string, string>>): void {
    replicator = new Replicator(configured(more), (level, message) => log.push(`${level} ${message}`));
  }

  async function start(more?: Readonly<Record<string, string>>): Promise<void> {
    create(more);
    replicator.start();
    await replicator.answered(10_000);
    expect(states()).to.deep.equal({ oslo: 'ready', paris: 'ready' });
  }

  async function createAndGiveUp(more: Readonly<Record<string, string>>): Promise<void> {
    create(more);
    replicator.start();
    expect(await replicator.ended).to.be.a('string');
    expect(replicator.isMisconfigured).to.equal(true);
  }

  const states = () =>
    Object.fromEntries([...replicator.links].map(([name, { state }]) => [name, state] as const));

  function client(index: number): TestClient {
    const found = clients[index];
    if (found === undefined) throw new RangeError(`there is no client ${index}`);
    return found;
  }

  /** A new retained message is replicated from each broker to the other. */
  async function expectReplication(topic: string): Promise<void> {
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const name = `${topic}/${from}`;
      await client(from).publish(name, 'replicated', { retain: true });
      await client(to).waitFor(message => message.topic === name && message.payload === 'replicated', 10_000);
    }
    await expectEqualBrokers(brokers.map(({ url }) => url));
  }

  /** How often the connection of mqttrep to each broker was lost, by the broker's log. */
  const losses = () =>
    brokers.map(
      (broker, index) =>
        broker
          .log()
          .split('\n')
          .filter(line => line === `disconnected ${NAMES[index]}`).length,
    );

  it('replicates messages from each broker to the other', async () => {
    await start();
    await expectReplication('t');
  });

  it('reports the state of each link', async () => {
    await brokers[1]?.stop();
    create();
    replicator.start();
    await eventually(() => expect(states()).to.deep.equal({ oslo: 'ready', paris: 'unreachable' }));
    await brokers[1]?.start();
    await replicator.answered(10_000);
    expect(states()['paris']).to.equal('ready');
  });

  it('restarts each actor whose thread was killed, and disturbs no other', async () => {
    await start();
    await expectReplication('before');
    const crashed = new Set<string>();
    for (const [index, thread] of [...threads].entries()) {
      const [before, said] = [losses(), log.length];
      await thread.terminate();
      const line = () => log.slice(said).find(one => one.includes('crashed; restarting it'));
      await eventually(() => expect(line()).to.match(/^error /));
      const name = line()?.match(/^error (.+) crashed/)?.[1] ?? '';
      crashed.add(name);
      await eventually(() => expect(new Set(Object.values(states()))).to.deep.equal(new Set(['ready'])));
      await expectReplication(`after-${index}`);
      const expected = NAMES.map((broker, at) => {
        const disturbed = name === broker || name === 'the reconciler';
        return (before[at] ?? 0) + (disturbed ? 1 : 0);
      });
      expect(losses(), `connections lost when ${name} crashed`).to.deep.equal(expected);
    }
    expect(crashed).to.deep.equal(new Set(['the reconciler', 'oslo', 'paris']));
  });

  it('is alive while every actor responds', async () => {
    await start();
    expect(await replicator.isAlive(10_000)).to.equal(true);
    for (const thread of [...threads]) {
      const said = log.length;
      await thread.terminate();
      expect(await replicator.isAlive(50)).to.equal(false);
      await eventually(() => expect(log.slice(said).join()).to.contain('crashed'));
      await eventually(async () => expect(await replicator.isAlive(1_000)).to.equal(true), {
        within: 10_000,
      });
    }
  });

  it('replicates what was written while an actor was down', async () => {
    await start();
    await expectReplication('before');
    for (const thread of [...threads]) {
      const said = log.length;
      await thread.terminate();
      await client(0).publish('t', `at ${said}`, { retain: true });
      await client(1).waitFor(({ topic, payload }) => topic === 't' && payload === `at ${said}`, 10_000);
    }
    await expectEqualBrokers(brokers.map(({ url }) => url));
  });

  it('parks a broker whose actor crashes too often, says why, and goes on with the others', async () => {
    // Without fake timers the waits between the restarts add up to half a minute.
    const clock = sinon
      .createSandbox()
      .useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldClearNativeTimers: true });
    try {
      const config = configured();
      const [oslo, ...others] = config.brokers;
      if (oslo === undefined) throw new Error('no broker is configured');
      replicator = new Replicator(
        { ...config, brokers: [{ ...oslo, url: 'no url' }, ...others] },
        (level, message) => {
          log.push(`${level} ${message}`);
          if (message.includes('crashed; restarting it')) setImmediate(() => clock.tick(10_000));
        },
      );
      replicator.start();
      await eventually(() => expect(states()).to.deep.equal({ oslo: 'parked', paris: 'ready' }), {
        within: 20_000,
      });
      expect(log.filter(line => line.startsWith('error oslo crashed'))).to.have.lengthOf(MAX_CRASHES);
      expect(log.find(line => line.startsWith('error oslo is parked'))).to.match(
        /too many crashes within a minute; the last one: .+; restarting it in 10 min, the other brokers go on/,
      );
      expect(replicator.links.get('oslo')?.detail).to.match(/^too many crashes within a minute/);
      expect(await replicator.isAlive(10_000)).to.equal(true);
      await client(1).publish('t', 'x', { retain: true });
      const before = replicator.links.get('oslo')?.restarts;
      clock.tick(10 * 60_000);
      expect(replicator.links.get('oslo')?.restarts).to.equal((before ?? 0) + 1);
    } finally {
      clock.restore();
    }
    expect(replicator.isStopping).to.equal(false);
  });

  it('gives up after too many crashes of the reconciler, and says why', async () => {
    const clock = sinon
      .createSandbox()
      .useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldClearNativeTimers: true });
    try {
      const config = configured();
      // The reconciler throws at its start: null is no comparator.
      const topics = config.topics.map(topic => ({ ...topic, merge: [null] as unknown as MergeChain }));
      replicator = new Replicator({ ...config, topics }, (level, message) => {
        log.push(`${level} ${message}`);
        if (message.startsWith('the reconciler crashed')) setImmediate(() => clock.tick(10_000));
      });
      replicator.start();
      expect(await replicator.ended).to.match(
        /^too many crashes of the reconciler within a minute; the last one: /,
      );
    } finally {
      clock.restore();
    }
    expect(log.filter(line => line.startsWith('error the reconciler crashed'))).to.have.lengthOf(MAX_CRASHES);
    expect(log.at(-1)).to.match(/^error too many crashes of the reconciler/);
  });

  it('sends what it took in before it stops, and stops quickly', async () => {
    // The next tick is so far away that all messages wait for the one at the stop.
    await start({ MQTTREP_MERGE_FREQUENCY: '0.01' });
    for (let index = 0; index < 100; index++) await client(0).publish(`t${index}`, 'x', { retain: true });
    // Aedes may acknowledge a message before it delivers it. The last message to us shows that it has delivered all.
    await client(0).waitFor(({ topic }) => topic === 't99');
    await client(0).publish('last', 'x', { retain: true });
    await client(0).waitFor(({ topic }) => topic === 'last');
    const begin = performance.now();
    await replicator.stop();
    expect(performance.now() - begin).to.be.below(6_000);
    expect(await replicator.ended).to.equal(undefined);
    expect(log.filter(line => /^(error|warn)/.test(line))).to.deep.equal([]);
    const at = await retainedOf(brokers[1]?.url ?? '', 't99');
    expect([...at]).to.deep.equal([['t99', 'x']]);
    await eventually(() => expect(losses()).to.deep.equal([1, 1]));
  });

  describe('after it has ended', () => {
    it('starts again and replicates, and nothing of the run before is left', async () => {
      const resources = () =>
        process.getActiveResourcesInfo().filter(name => /MessagePort|Worker/.test(name));
      const before = resources();
      await start();
      await expectReplication('first');
      expect(resources()).not.to.deep.equal(before);
      const { ended } = replicator;
      await replicator.stop();
      expect(await ended).to.equal(undefined);
      expect(replicator.isStopping).to.equal(true);
      // Nothing runs while it has ended, and a request fails at once.
      expect(threads.map(({ threadId }) => threadId)).to.deep.equal(threads.map(() => -1));
      expect(resources()).to.deep.equal(before);
      expect(await replicator.isAlive(10_000)).to.equal(false);
      await eventually(() => expect(losses()).to.deep.equal([1, 1]));

      await client(0).publish('between', 'x', { retain: true });
      replicator.start();
      expect(replicator.isStopping).to.equal(false);
      await replicator.answered(10_000);
      expect(states()).to.deep.equal({ oslo: 'ready', paris: 'ready' });
      expect(await replicator.isAlive(10_000)).to.equal(true);
      await client(1).waitFor(({ topic, payload }) => topic === 'between' && payload === 'x', 10_000);
      await expectReplication('second');
      expect(replicator.links.get('oslo')).to.include({ actors: 2, reconnects: 1, restarts: 0 });
      expect(replicator.reconcilerActors).to.equal(2);
      // One connection of mqttrep to each broker: that of the second run.
      expect(losses()).to.deep.equal([1, 1]);

      await replicator.stop();
      expect(await replicator.ended).to.equal(undefined);
      expect(resources()).to.deep.equal(before);
      await eventually(() => expect(losses()).to.deep.equal([2, 2]));
      expect(log.filter(line => /^(error|warn)/.test(line))).to.deep.equal([]);
    });

    it('starts again from its store, and deletes what a client deleted in between', async () => {
      const folder = tempFolder('restart');
      await start({ MQTTREP_STORE: folder });
      await expectReplication('t');
      await replicator.stop();
      await client(0).publish('t/0', '', { retain: true });
      replicator.start();
      await replicator.answered(10_000);
      await client(1).waitFor(({ topic, payload }) => topic === 't/0' && payload === '', 10_000);
      await expectReplication('u');
      expect(log.filter(line => line.startsWith('error'))).to.deep.equal([]);
    });

    it('starts again after it gave up, with the configuration that it was given meanwhile', async () => {
      const folder = tempFolder('unknown-store');
      writeFileSync(join(folder, 'state-1.log'), 'a file of another program');
      await createAndGiveUp({ MQTTREP_STORE: folder });
      await replicator.reconfigure({ ...configured(), store: { kind: 'memory' }, mergeFrequency: 20 });
      replicator.start();
      expect(replicator.mergeFrequency).to.equal(20);
      expect(replicator.isMisconfigured).to.equal(false);
      await replicator.answered(10_000);
      await expectReplication('t');
    });

    it('leaves no request pending at the stop', async () => {
      await start();
      const requests = Array.from({ length: 20 }, () =>
        replicator.askReconciler({ kind: 'topic', topic: 't' }, 60_000),
      );
      const outcomes = Promise.allSettled(requests);
      await replicator.stop();
      expect(await outcomes).to.have.lengthOf(20);
    });

    it('cannot be started while it runs or stops', async () => {
      await start();
      expect(() => replicator.start()).to.throw('runs already');
      const stopped = replicator.stop();
      expect(() => replicator.start()).to.throw('still stopping');
      await stopped;
    });
  });

  it('stops at once if it was never started', async () => {
    create();
    await replicator.stop();
    expect(await replicator.ended).to.equal(undefined);
  });

  it('stops quickly while a broker is unreachable', async () => {
    await brokers[1]?.stop();
    create();
    replicator.start();
    await eventually(() => expect(states()['oslo']).to.equal('ready'));
    const begin = performance.now();
    await replicator.stop();
    expect(performance.now() - begin).to.be.below(6_000);
    await brokers[1]?.start();
  });
});
