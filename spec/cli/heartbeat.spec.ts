/** Proof of flow, as a user sees it: paths, heartbeats and the age of undelivered changes in status, API and metrics. */

import { expect } from 'chai';
import type { Status } from '../../lib/status/api.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { Link } from '../support/link.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { CONNECT, PUBLISH, topicOf, typeOf } from '../support/packet-bytes.ts';
import { PacketRelay } from '../support/packet-relay.ts';
import { command } from './command.ts';
import { arrived, eventEnvironment, flowing, give } from './event-fixture.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

describe('mqttrep with heartbeats', function () {
  this.timeout(16 * patience);

  const fixtures = fixtureHooks();

  it('shows the latency of each path, and finds a link that stands and carries nothing', async () => {
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    const link = await Link.to(brokers.PARIS.port);
    const port = await freePort();
    const fixture = await fixtures.start({
      brokers,
      links: { PARIS: link },
      environment: { MQTTREP_HEARTBEAT: '5', MQTTREP_HTTP: String(port) },
    });
    const url = `http://127.0.0.1:${port}`;
    const status = async () => (await (await fetch(`${url}/api/v1/status`)).json()) as Status;
    const of = async (name: string) => (await status()).brokers.find(broker => broker.name === name);
    await eventually(
      async () => {
        expect((await of('OSLO'))?.paths)
          .to.have.property('PARIS')
          .above(0);
        expect((await of('PARIS'))?.paths)
          .to.have.property('OSLO')
          .above(0);
      },
      { within: 6 * patience },
    );
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).to.match(/^mqttrep_path_latency_seconds\{from="OSLO",to="PARIS"\} 0\.\d+/m);
    expect(metrics).to.match(/^mqttrep_heartbeat_round_trip_seconds\{broker="OSLO"\} 0\.\d+/m);
    expect(metrics).to.match(/^mqttrep_oldest_undelivered_change_age_seconds\{broker="PARIS"\} 0$/m);
    const shown = await command(['status', '--url', url], {});
    expect(shown.stdout).to.match(/Paths, by heartbeats: .*OSLO → PARIS/);

    link.freeze();
    await fixture.publish('OSLO', 'stuck', 'x', { retain: true });
    await fixture.mqttrep.line('PARIS: connected but silent', 6 * patience);
    const since = (await of('PARIS'))?.behindSince;
    expect(since).to.be.a('number');
    expect(await (await fetch(`${url}/metrics`)).text()).to.match(
      /^mqttrep_oldest_undelivered_change_age_seconds\{broker="PARIS"\} [1-9]/m,
    );
    link.thaw();
    await fixture.retainedEverywhere('stuck', 'x');
    await eventually(async () => expect((await of('PARIS'))?.behindSince).to.equal(null));
    expect((await of('PARIS'))?.silences).to.equal(1);
    await link.close();
  });

  it('finds an event connection that is delivered nothing, though it stands and its publishes are acknowledged', async () => {
    const brokers = { OSLO: await startMosquitto(), PARIS: await startMosquitto() };
    const ofEvents = new Set<number>();
    let beats = 0;
    let isMute = false;
    const relay = await PacketRelay.before(brokers.PARIS.port, {
      level: 'any',
      fromClient: (packet, connection) => {
        if (typeOf(packet) === CONNECT && packet.includes('_events')) ofEvents.add(connection);
        return packet;
      },
      fromBroker: (packet, connection) => {
        if (!ofEvents.has(connection) || typeOf(packet) !== PUBLISH) return packet;
        if (isMute) return 'silence';
        if (topicOf(packet).includes('/event-sentinel/')) beats++;
        return packet;
      },
    });
    const { environment, port } = await eventEnvironment({ MQTTREP_HEARTBEAT: '5' });
    const fixture = await fixtures.start({ brokers, links: { PARIS: relay }, environment });
    await flowing(port, ['OSLO', 'PARIS']);
    await give(fixture, 'PARIS', 'cmd/door', ['before']);
    await arrived(fixture, 'OSLO', 'cmd/door', ['before']);
    // The first is the sentinel itself. A heartbeat must have come back before a missing one means anything.
    await eventually(() => expect(beats).to.equal(2), { within: 6 * patience });
    isMute = true;
    await give(fixture, 'PARIS', 'cmd/door', ['unheard']);
    await fixture.mqttrep.line('PARIS: events: connected but silent', 6 * patience);
    isMute = false;
    await arrived(fixture, 'OSLO', 'cmd/door', ['before', 'unheard']);
    await relay.close();
  });
});
