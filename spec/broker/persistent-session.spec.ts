/** A persistent session delivers the messages of an absence before mqttrep subscribes. */

import { expect } from 'chai';
import { TestClient } from '../support/client.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { BrokerActorFixture } from './broker-actor-fixture.ts';

describe('BrokerActor with a persistent session', () => {
  let broker: TestBroker;
  let client: TestClient;
  let fixture: BrokerActorFixture;

  beforeEach(async function () {
    requireMosquitto(this);
    broker = await startMosquitto();
    client = await TestClient.connect(broker.url);
  });

  afterEach(async () => {
    await fixture?.stop().catch(() => undefined);
    await client?.end();
    await broker?.stop();
  });

  function connect(): void {
    fixture = new BrokerActorFixture(broker.url, {
      clientId: 'lasting',
      options: { clean: false, protocolVersion: 4 },
    });
  }

  it('is not held up by more early messages than it keeps, and counts those that it leaves out', async () => {
    connect();
    await fixture.replayed();
    await fixture.stop();
    // Names count, so that the sixteenth is more than 16 MB.
    const megabyte = Buffer.alloc(2 ** 20, 'x');
    for (let index = 0; index < 20; index++) await client.publish(`t/${index}`, megabyte);
    await client.publish('kept', 'x', { retain: true });
    connect();
    await fixture.replayed();
    expect(fixture.told[0]).to.include({ kind: 'session-started', marker: 'absent' });
    expect(fixture.actor.counters).to.include({ refused_backlog: 5 });
    const topics = fixture.observations().map(({ topic }) => topic);
    expect(topics).to.deep.equal([...Array.from({ length: 15 }, (_, index) => `t/${index}`), 'kept']);
    expect(fixture.log).to.match(
      /"t\/15" is not replicated: its session had stored more than 10000 messages, or 16 MB/,
    );
  });
});
