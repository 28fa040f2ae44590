/** Mosca sets no retain flag, and replays late. */

import { expect } from 'chai';
import { UNTESTED } from '../../../lib/broker/capabilities/broker-capabilities.ts';
import { Replay } from '../../../lib/broker/retained/replay.ts';
import { type AedesBroker, startAedes } from '../../support/aedes-broker.ts';
import { TestClient } from '../../support/client.ts';
import { BrokerActorFixture } from '../broker-actor-fixture.ts';
import { openConnection, topicsShown } from '../open-connection.ts';
import { newSentinel } from './replay-fixture.ts';

/** The end of a replay is known by quiet, three times. */
const REPLAY_TIMEOUT_MS = 20_000;

describe('BrokerActor at a broker that never sets the retain flag', () => {
  let broker: AedesBroker;
  let fixture: BrokerActorFixture;

  before(async () => {
    broker = await startAedes({ flagsReplays: false, replayDelay: 100 });
    const client = await TestClient.connect(broker.url);
    await client.publish('kept', 'x', { qos: 1, retain: true });
    await client.end();
    fixture = new BrokerActorFixture(broker.url, { options: { protocolVersion: 4 } });
    await fixture.replayed(1, REPLAY_TIMEOUT_MS);
  });

  after(async () => {
    await fixture?.stop();
    await broker?.stop();
  });

  it('sends it no probe, and logs it', async () => {
    fixture.tell({ kind: 'probe', session: 1, priority: 'background', topics: ['kept'] });
    fixture.tell({ kind: 'full-scan', session: 1, isReplayIncomplete: false, parents: [] });
    await fixture.heard(told => told.kind === 'full-scan-ended');
    const answers = fixture.told.flatMap(told => (told.kind === 'probe-answers' ? told.answers : []));
    expect(answers).to.deep.equal([{ topic: 'kept', held: 'unknown' }]);
    // The client of the spec, and the actor.
    expect(broker.log().match(/^connected /gm)).to.have.length(2);
    expect(fixture.log).to.match(/^warn oslo: the broker never sets the retain flag/m);
  });

  it('takes no late replay for a new write', async () => {
    // The replay of a second SUBSCRIBE would arrive before the answer to the next one, which is as late.
    fixture.actor.resubscribe([{ filter: '+', qos: 1 }]);
    await fixture.replayed(2, REPLAY_TIMEOUT_MS);
    const shown = fixture.observations().map(({ topic, replay }) => [topic, replay]);
    expect(shown).to.deep.equal([
      ['kept', true],
      ['kept', true],
    ]);
  });
});

describe('Replay at a broker that never sets the retain flag, and is silent at first', () => {
  it('does not end before the sentinel was shown', async () => {
    const broker = await startAedes({ flagsReplays: false, replayDelay: 2_500 });
    const connection = await openConnection(broker.url);
    try {
      const sentinel = newSentinel();
      const replay = new Replay(connection, sentinel, undefined, {
        ...UNTESTED,
        replayOrder: 'any',
        replayFlag: 'never set',
      });
      const topics = topicsShown(connection, replay);
      const client = await TestClient.connect(broker.url);
      await client.publish('kept', 'x', { qos: 1, retain: true });
      await client.end();
      await sentinel.place(connection);
      await replay.run([{ filter: 'kept', qos: 0 }]);
      expect(topics).to.deep.equal(['kept']);
    } finally {
      await connection.end();
      await broker.stop();
    }
  });
});
