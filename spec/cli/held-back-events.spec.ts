/**
 * A broker may show nothing of QoS 0 while messages of QoS 1 have no acknowledgement, as HiveMQ does when it has kept some for a
 * session. So an event connection may learn nothing of the broker before it has taken these messages.
 */

import { expect } from 'chai';
import { dropsQos0WhileUnacknowledged } from '../support/broker-quirks.ts';
import { Link } from '../support/link.ts';
import { PacketRelay } from '../support/packet-relay.ts';
import { arrived, eventEnvironment, flowing, give, numbered } from './event-fixture.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

const KEPT = numbered('kept', 30);

describe('Events that a broker kept, and behind which it shows nothing', function () {
  this.timeout(12 * patience);

  const fixtures = fixtureHooks();
  let relay: PacketRelay;
  let link: Link;

  afterEach(async () => {
    await link.close();
    await relay.close();
  });

  async function started(): Promise<{ readonly fixture: ReplicationFixture; readonly port: number }> {
    const brokers = await mosquittos(['OSLO', 'PARIS'], { config: ['max_queued_messages 0'] });
    relay = await PacketRelay.before(brokers.PARIS.port, dropsQos0WhileUnacknowledged());
    link = await Link.to(relay.port);
    const { environment, port } = await eventEnvironment();
    const fixture = await fixtures.start({ brokers, links: { PARIS: link }, environment });
    await flowing(port, fixture.sites);
    await fixture.watchAll();
    return { fixture, port };
  }

  /** The ids of the brokers that each event has passed. */
  async function paths(fixture: ReplicationFixture): Promise<readonly string[]> {
    const messages = await fixture.seen('OSLO', 'cmd/a');
    const found = messages.map(({ properties }) => String(properties.userProperties?.['mqttrep-path']));
    return [...new Set(found)];
  }

  it('have passed that broker, after a cut', async () => {
    const { fixture } = await started();
    await give(fixture, 'PARIS', 'cmd/a', ['before']);
    await arrived(fixture, 'OSLO', 'cmd/a', ['before']);
    const [id] = await paths(fixture);
    expect(id).to.match(/^[\w-]{16}$/);
    link.cut();
    await give(fixture, 'PARIS', 'cmd/a', KEPT);
    link.heal();
    await arrived(fixture, 'OSLO', 'cmd/a', ['before', ...KEPT]);
    expect(await paths(fixture)).to.deep.equal([id]);
  });

  it('have passed that broker, after a SIGKILL of mqttrep', async () => {
    const { fixture, port } = await started();
    await give(fixture, 'PARIS', 'cmd/a', ['before']);
    await arrived(fixture, 'OSLO', 'cmd/a', ['before']);
    const [id] = await paths(fixture);
    await fixture.mqttrep.stop('SIGKILL');
    await give(fixture, 'PARIS', 'cmd/a', KEPT);
    fixture.run();
    await flowing(port, fixture.sites);
    await arrived(fixture, 'OSLO', 'cmd/a', ['before', ...KEPT]);
    expect(await paths(fixture)).to.deep.equal([id]);
  });
});
