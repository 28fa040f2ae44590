/** Over MQTT 3.1.1 only the granted QoS tells with which QoS mqttrep may publish. */

import { type AedesBroker, type AedesOptions, startAedes } from '../../support/aedes-broker.ts';
import { NO_QOS_2 } from '../../support/broker-quirks.ts';
import { PacketRelay } from '../../support/packet-relay.ts';
import { BrokerActorFixture } from '../broker-actor-fixture.ts';

describe('BrokerActor at a broker that never acknowledges QoS 2, like Mosca', () => {
  let broker: AedesBroker;
  let relay: PacketRelay;
  let fixture: BrokerActorFixture;

  async function start(options: AedesOptions): Promise<void> {
    broker = await startAedes(options);
    relay = await PacketRelay.before(broker.port, NO_QOS_2);
    fixture = new BrokerActorFixture(relay.url, {
      options: { protocolVersion: 4 },
      subscriptions: [{ filter: '#', qos: 2 }],
    });
    await fixture.replayed();
  }

  afterEach(async () => {
    await fixture?.stop();
    await relay?.close();
    await broker?.stop();
  });

  it('publishes with the granted QoS, even if the subscription stays at QoS 0', async () => {
    await start({ resubscription: 'hides what is replayed' });
    fixture.publish(1, { topic: 'first', qos: 2 }, { topic: 'second', qos: 1 });
    await fixture.heard(told => told.kind === 'publish-results' && told.completedUpTo === 2);
  });

  it('does so from the first message of the next session', async () => {
    await start({});
    await broker.kill();
    await broker.start();
    await fixture.heard(told => told.kind === 'session-started' && told.session === 2);
    fixture.publish(2, { topic: 'first', qos: 2 }, { topic: 'second', qos: 1 });
    await fixture.heard(told => told.kind === 'publish-results' && told.completedUpTo === 2);
  });
});
