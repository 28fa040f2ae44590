/** Events that a broker does not take, or for which there is no room: they are counted, and block nothing. */

import { expect } from 'chai';
import { startWithAcl } from '../support/acl-broker.ts';
import { eventually } from '../support/eventually.ts';
import { Link } from '../support/link.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { arrived, eventEnvironment, eventStatus, flowing, give } from './event-fixture.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

const MEBIBYTE = 2 ** 20;

function numberOf(event: string | { readonly payload: string }): string {
  return (typeof event === 'string' ? event : event.payload).split(' ')[0] ?? '';
}

describe('Events that cannot be delivered', function () {
  this.timeout(12 * patience);

  const fixtures = fixtureHooks();

  it('are counted as refused if the broker denies them, and the next ones arrive (MQTT 5)', async () => {
    const { broker } = await startWithAcl(['readwrite mqttrep/#', 'readwrite cmd/#', 'deny cmd/secret']);
    const { environment, port } = await eventEnvironment();
    const fixture = await fixtures.start({
      brokers: { OSLO: await startMosquitto(), PARIS: broker },
      configs: { PARIS: { username: 'rep' } },
      environment: { ...environment, MQTTREP_TOPIC_all: 'cmd/#', MQTTREP_MODE_all: 'event' },
    });
    await flowing(port, fixture.sites);
    await fixture.watchAll();
    await give(fixture, 'OSLO', 'cmd/secret', ['1', '2']);
    await give(fixture, 'OSLO', 'cmd/public', ['1', '2']);
    await arrived(fixture, 'PARIS', 'cmd/public', ['1', '2']);
    expect(await fixture.seen('PARIS', 'cmd/secret')).to.deep.equal([]);
    await eventually(async () => {
      const { dropped, queued } = await eventStatus(port, 'PARIS');
      expect({ dropped, queued }).to.deep.equal({ dropped: { refused: 2 }, queued: 0 });
    });
    expect(await fixture.mqttrep.line('PARIS: an event dropped (the broker refuses it)')).to.include('cmd/#');
  });

  it('are counted as too large if the broker says so, and the next ones arrive', async () => {
    const { environment, port } = await eventEnvironment();
    const fixture = await fixtures.start({
      brokers: {
        OSLO: await startMosquitto(),
        PARIS: await startMosquitto({ config: ['max_packet_size 2000'] }),
      },
      environment,
    });
    await flowing(port, fixture.sites);
    await fixture.watchAll();
    await give(fixture, 'OSLO', 'cmd/a', ['before', 'x'.repeat(3_000), 'after']);
    await arrived(fixture, 'PARIS', 'cmd/a', ['before', 'after']);
    await eventually(async () =>
      expect((await eventStatus(port, 'PARIS')).dropped).to.deep.equal({ too_large: 1 }),
    );
  });

  it('are the oldest ones if the queue is full, and the counter says how many', async () => {
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    const link = await Link.to(brokers.PARIS.port);
    const { environment, port } = await eventEnvironment({ MQTTREP_EVENT_BYTES: '1M' });
    const fixture = await fixtures.start({ brokers, links: { PARIS: link }, environment });
    await flowing(port, fixture.sites);
    await fixture.watchAll();
    link.cut();
    const payloads = Array.from({ length: 40 }, (_, index) => `${index} ${'x'.repeat(MEBIBYTE / 10)}`);
    await give(fixture, 'OSLO', 'cmd/a', payloads);
    await eventually(
      async () => {
        const { queued, bytes, dropped } = await eventStatus(port, 'PARIS');
        expect(queued + (dropped['full'] ?? 0)).to.equal(payloads.length);
        expect(bytes).to.be.below(2 * MEBIBYTE);
      },
      { within: 2 * patience },
    );
    link.heal();
    await eventually(
      async () => {
        const { queued, dropped } = await eventStatus(port, 'PARIS');
        const seen = (await fixture.seen('PARIS', 'cmd/a')).map(numberOf);
        expect(queued).to.equal(0);
        expect(dropped['full']).to.be.within(20, 39);
        expect(seen).to.deep.equal(payloads.slice(dropped['full']).map(numberOf));
      },
      { within: 2 * patience },
    );
  });

  it('wait while another replicator delivers events at the same broker over MQTT 3.1.1', async () => {
    const brokers = await mosquittos(['OSLO', 'PARIS', 'ROME']);
    const v4 = { protocolVersion: 4 };
    const first = await eventEnvironment();
    const fixture = await fixtures.start({
      brokers: { OSLO: brokers.OSLO, PARIS: brokers.PARIS },
      configs: { OSLO: v4, PARIS: v4 },
      environment: first.environment,
    });
    await flowing(first.port, fixture.sites);
    const second = await eventEnvironment();
    const other = await fixtures.start({
      brokers: { PARIS: brokers.PARIS, ROME: brokers.ROME },
      configs: { PARIS: v4, ROME: v4 },
      environment: second.environment,
    });
    await eventually(
      async () => {
        expect((await eventStatus(first.port, 'PARIS')).state).to.equal('holding');
        expect((await eventStatus(second.port, 'PARIS')).state).to.equal('holding');
      },
      { within: 2 * patience },
    );
    await flowing(second.port, ['ROME']);
    await fixture.mqttrep.line('MQTTREP_EVENT_TREE=true');
    await other.mqttrep.stop();
    await flowing(first.port, ['PARIS']);
  });
});
