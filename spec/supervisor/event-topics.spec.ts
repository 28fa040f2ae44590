/** The event actor beside the other actors: crashes of either side, and reloads that add and remove event filters. */

import { expect } from 'chai';
import { Replicator } from '../../lib/supervisor/replicator.ts';
import { eventually } from '../support/eventually.ts';
import { Link } from '../support/link.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ReplicatorFixture } from './replicator-fixture.ts';

const EVENTS = { MQTTREP_TOPIC_commands: 'commands/#', MQTTREP_MODE_commands: 'event' };
const WITHIN = { within: 30_000 };

describe('A replicator with event topics', function () {
  this.timeout(120_000);

  let fixture: ReplicatorFixture;

  beforeEach(async () => {
    fixture = await ReplicatorFixture.start();
  });

  afterEach(() => fixture.stop());

  async function flowing(replicator: Replicator): Promise<void> {
    await eventually(async () => {
      const measures = await replicator.askEvents({ kind: 'measures' }, 1_000);
      expect(measures?.brokers.map(({ state }) => state)).to.deep.equal(['flowing', 'flowing']);
    }, WITHIN);
  }

  /** Commands of each side arrive at the other one, just so often. */
  async function expectEvents(name: string): Promise<void> {
    const topic = `commands/${name}`;
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      for (const payload of ['ON', 'ON', 'OFF'])
        await fixture.client(from).publish(`${topic}/${from}`, payload);
      await eventually(
        () => expect(received(to, `${topic}/${from}`)).to.deep.equal(['ON', 'ON', 'OFF']),
        WITHIN,
      );
    }
  }

  function received(client: number, topic: string): string[] {
    return fixture
      .client(client)
      .messages.filter(message => message.topic === topic)
      .map(({ payload }) => payload);
  }

  function thread(index: number) {
    const worker = fixture.threads[index];
    if (worker === undefined) throw new RangeError(`there is no thread ${index}`);
    return worker;
  }

  it('goes on after a crash of the event actor, and after one of a broker worker', async () => {
    const replicator = await fixture.replicate({ ...EVENTS, MQTTREP_STORE: tempFolder('store') });
    await flowing(replicator);
    await expectEvents('before');
    // The reconciler, the two brokers, the event actor.
    await thread(3).terminate();
    await eventually(() => expect(replicator.eventRestarts).to.equal(1), WITHIN);
    await flowing(replicator);
    await expectEvents('after the event actor');
    await thread(1).terminate();
    await eventually(() => expect(replicator.links.get('oslo')?.restarts).to.equal(1), WITHIN);
    await flowing(replicator);
    await expectEvents('after the worker');
    expect(await replicator.isAlive(10_000)).to.equal(true);
    await fixture.expectReplication('state');
  });

  it('goes on after a crash of the reconciler', async () => {
    const replicator = await fixture.replicate({ ...EVENTS, MQTTREP_STORE: tempFolder('store') });
    await flowing(replicator);
    await thread(0).terminate();
    await eventually(() => expect(replicator.reconcilerRestarts).to.equal(1), WITHIN);
    await flowing(replicator);
    await expectEvents('after the reconciler');
  });

  it('starts the event actor at a reload that adds an event filter', async () => {
    const replicator = await fixture.replicate({ MQTTREP_STORE: tempFolder('store') });
    expect(await replicator.askEvents({ kind: 'measures' }, 1_000)).to.equal(undefined);
    await replicator.reconfigure(fixture.configured({ ...EVENTS, MQTTREP_STORE: tempFolder('store') }));
    await flowing(replicator);
    await expectEvents('added');
    await fixture.expectReplication('state');
  });

  it('treats the topics as state after a reload that removes the event filter', async () => {
    const replicator = await fixture.replicate({ ...EVENTS, MQTTREP_STORE: tempFolder('store') });
    await flowing(replicator);
    await expectEvents('events');
    await replicator.reconfigure(fixture.configured());
    // A message that a broker delivers before it has removed the event subscription is an event, too.
    let attempt = 0;
    await eventually(async () => {
      const topic = `commands/state ${attempt++}`;
      await fixture.expectReplication(topic);
      expect(received(1, `${topic}/0`)).to.deep.equal(['replicated']);
    }, WITHIN);
  });

  it('delivers what waits after a reload that removes the event filter', async () => {
    const { port = 0 } = fixture.brokers[1] ?? {};
    const link = await Link.to(port);
    const linked = { ...EVENTS, MQTTREP_STORE: tempFolder('store'), MQTTREP_CLIENT_paris: link.url };
    const replicator = await fixture.replicate(linked);
    await flowing(replicator);
    link.cut();
    await fixture.client(0).publish('commands/late', 'ON');
    await eventually(async () => {
      const measures = await replicator.askEvents({ kind: 'measures' }, 1_000);
      expect(measures?.brokers.map(({ messages }) => messages)).to.deep.equal([0, 1]);
    }, WITHIN);
    await replicator.reconfigure(fixture.configured({ MQTTREP_CLIENT_paris: link.url }));
    link.heal();
    await fixture.client(1).waitFor(({ topic }) => topic === 'commands/late', 20_000);
    await link.close();
  });

  it('takes in no events in a dry run', async () => {
    const dry = new Replicator(fixture.configured(EVENTS), () => undefined, 'dry-run');
    dry.start();
    await dry.answered(20_000);
    expect(await dry.askEvents({ kind: 'measures' }, 1_000)).to.equal(undefined);
    await dry.stop();
    expect(fixture.brokers[0]?.log()).not.to.contain('_events');
  });
});
