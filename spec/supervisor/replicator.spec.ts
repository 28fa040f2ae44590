/** The replicator with real threads and real connections: it replicates, outlives its actors, and stops. */

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
import type { TestBroker } from '../support/test-broker.ts';

const NAMES = ['oslo', 'paris'];

describe('Replicator', () => {
  let brokers: TestBroker[];
  let clients: TestClient[];
  let replicator: Replicator;
  let log: string[];
  /** The threads of this test, in the order of their making. */
  let threads: Worker[];

  const made = (worker: Worker) => threads.push(worker);

  beforeEach(async () => {
    threads = [];
    log = [];
    process.on('worker', made);
    brokers = await Promise.all(NAMES.map(() => startAedes()));
    clients = await Promise.all(brokers.map(({ url }) => TestClient.connect(url)));
    await Promise.all(clients.map(client => client.subscribe('#')));
  });

  afterEach(async () => {
    await replicator?.stop();
    process.off('worker', made);
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

  const states = () =>
    Object.fromEntries([...replicator.links].map(([name, { state }]) => [name, state] as const));

  function client(index: number): TestClient {
    const found = clients[index];
    if (found === undefined) throw new RangeError(`there is no client ${index}`);
    return found;
  }

  /** A new retained message crosses from each broker to the other. */
  async function expectReplication(topic: string): Promise<void> {
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const name = `${topic}/${from}`;
      await client(from).publish(name, 'crossed', { retain: true });
      await client(to).waitFor(message => message.topic === name && message.payload === 'crossed', 10_000);
    }
    await expectEqualBrokers(brokers.map(({ url }) => url));
  }

  /** How often mqttrep's own connection to each broker was lost, as the broker says. */
  const losses = () =>
    brokers.map(
      (broker, index) =>
        broker
          .log()
          .split('\n')
          .filter(line => line === `disconnected ${NAMES[index]}`).length,
    );

  it('carries messages from each broker to the other', async () => {
    await start();
    await expectReplication('t');
  });

  it('says of each link how it is', async () => {
    await brokers[1]?.stop();
    create();
    replicator.start();
    await eventually(() => expect(states()).to.deep.equal({ oslo: 'ready', paris: 'unreachable' }));
    await brokers[1]?.start();
    await replicator.answered(10_000);
    expect(states()['paris']).to.equal('ready');
  });

  it('starts an actor again whose thread was killed, whichever it is, and disturbs no other', async () => {
    await start();
    await expectReplication('before');
    const crashed = new Set<string>();
    for (const [index, thread] of [...threads].entries()) {
      const [before, said] = [losses(), log.length];
      await thread.terminate();
      const line = () => log.slice(said).find(one => one.includes('crashed and is started again'));
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

  it('is alive while every actor answers', async () => {
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

  it('carries over what was written while an actor was down', async () => {
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
    // The waits between the restarts would add up to half a minute.
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
          if (message.includes('crashed and is started again')) setImmediate(() => clock.tick(10_000));
        },
      );
      replicator.start();
      await eventually(() => expect(states()).to.deep.equal({ oslo: 'parked', paris: 'ready' }), {
        within: 20_000,
      });
      expect(log.filter(line => line.startsWith('error oslo crashed'))).to.have.lengthOf(MAX_CRASHES);
      expect(log.find(line => line.startsWith('error oslo is parked'))).to.match(
        /too many crashes within a minute, the last one: .+; it is started again in 10 min, the other brokers go on/,
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
      // What is no comparator the reconciler cannot begin with.
      const topics = config.topics.map(topic => ({ ...topic, merge: [null] as unknown as MergeChain }));
      replicator = new Replicator({ ...config, topics }, (level, message) => {
        log.push(`${level} ${message}`);
        if (message.startsWith('the reconciler crashed')) setImmediate(() => clock.tick(10_000));
      });
      replicator.start();
      expect(await replicator.ended).to.match(
        /^too many crashes of the reconciler within a minute, the last one: /,
      );
    } finally {
      clock.restore();
    }
    expect(log.filter(line => line.startsWith('error the reconciler crashed'))).to.have.lengthOf(MAX_CRASHES);
    expect(log.at(-1)).to.match(/^error too many crashes of the reconciler/);
  });

  it('stops in order and quickly: what it took in is sent before', async () => {
    // Ticks so rare that all waits for the last one.
    await start({ MQTTREP_MERGE_FREQUENCY: '0.01' });
    for (let index = 0; index < 100; index++) await client(0).publish(`t${index}`, 'x', { retain: true });
    // Aedes may acknowledge a message before it delivers it; the last one to us shows that all have been.
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

  it('stops quickly though a broker is away, or nothing was ever started', async () => {
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
