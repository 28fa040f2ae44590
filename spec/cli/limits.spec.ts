/** Brokers that do not take everything: mqttrep learns what they take, and goes on with that. */

import { expect } from 'chai';
import { startAedes } from '../support/aedes-broker.ts';
import { NO_WILDCARDS } from '../support/broker-quirks.ts';
import { eventually } from '../support/eventually.ts';
import { Link } from '../support/link.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { PacketRelay } from '../support/packet-relay.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { patience, type ReplicationFixture } from './replication-fixture.ts';

const PROTOCOLS = [
  [5, 'MQTT 5'],
  [4, 'MQTT 3.1.1'],
] as const;

describe('mqttrep, where a broker', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  /** OSLO takes everything, PARIS does not. */
  async function create(
    limits: readonly string[],
    protocolVersion: 4 | 5,
    environment = {},
  ): Promise<{ fixture: ReplicationFixture; link: Link }> {
    const brokers = { OSLO: await startMosquitto(), PARIS: await startMosquitto({ config: limits }) };
    const link = await Link.to(brokers.PARIS.port);
    fixture = await fixtures.start({
      brokers,
      links: { PARIS: link },
      configs: { PARIS: { protocolVersion, reconnectPeriod: 50 } },
      environment,
    });
    return { fixture, link };
  }

  const linesWith = (text: string) => fixture.mqttrep.stderr.split('\n').filter(line => line.includes(text));

  for (const [protocolVersion, protocol] of PROTOCOLS) {
    it(`retains no messages over ${protocol}, gives it each once and unretained, and says so once`, async () => {
      const { fixture, link } = await create(['retain_available false'], protocolVersion);
      await fixture.mqttrep.line('PARIS: the broker retains no messages', patience);
      // What is not retained is seen by who listens already.
      await fixture.watchAll();
      await fixture.publish('OSLO', 'a', '1', { retain: true });
      expect(await fixture.copy('PARIS', 'a')).to.include({ payload: '1', retain: false });
      await fixture.publish('PARIS', 'b', 'passes');
      expect(await fixture.copy('OSLO', 'b')).to.include({ payload: 'passes', retain: false });
      link.cut();
      await fixture.mqttrep.line('PARIS: connection lost', patience);
      await fixture.publish('OSLO', 'c', '2', { retain: true });
      link.heal();
      expect(await fixture.copy('PARIS', 'c')).to.include({ payload: '2', retain: false });
      await fixture.publish('OSLO', 'a', '', { retain: true });
      const copies = await fixture.copies('PARIS', 'a', 2);
      expect(copies.map(({ payload }) => payload)).to.deep.equal(['1', '']);
      await fixture.copies('PARIS', 'c', 1);
      await fixture.retainedAt(['OSLO'], 'c', '2');
      expect(linesWith('retains no messages')).to.have.length(1);
    });

    it(`takes no large packets over ${protocol}, does without those, and with all others`, async () => {
      const { fixture } = await create(['max_packet_size 2000'], protocolVersion);
      await fixture.publish('OSLO', 'large', 'x'.repeat(3_000), { retain: true });
      const said = protocolVersion === 5 ? 'does not take "large"' : 'hangs up on packets of';
      await fixture.mqttrep.line(said, patience);
      await fixture.publish('OSLO', 'small', 'x', { retain: true });
      await fixture.retainedEverywhere('small', 'x');
      await fixture.retainedAt(['OSLO'], 'large', 'x'.repeat(3_000));
      await fixture.publish('OSLO', 'large', 'y', { retain: true });
      await fixture.retainedEverywhere('large', 'y');
    });
  }

  it('takes a lower QoS only, publishes with that', async () => {
    const { fixture } = await create(['max_qos 0'], 5, { MQTTREP_TOPIC_all: '#', MQTTREP_QOS_all: '2' });
    await fixture.publish('OSLO', 'a', '1', { retain: true, qos: 2 });
    expect(await fixture.copy('PARIS', 'a')).to.include({ qos: 0, retain: true });
    expect(await fixture.mqttrep.line('PARIS: the broker grants "#" with QoS 0 only', patience)).to.contain(
      'info',
    );
  });

  it('knows no wildcards, says so, and replicates there what is named', async () => {
    const brokers = { OSLO: await startMosquitto(), PARIS: await startMosquitto() };
    const odd = await PacketRelay.before(brokers.PARIS.port, NO_WILDCARDS);
    fixture = fixtures.create({
      brokers,
      links: { PARIS: odd },
      environment: { MQTTREP_TOPIC_all: 'any/#', MQTTREP_TOPIC_named: 'named' },
    });
    const mqttrep = fixture.run();
    expect(await mqttrep.line('PARIS: the broker does not support wildcards', 2 * patience))
      .to.contain('error')
      .and.contain('"any/#"')
      .and.contain('MQTTREP_TOPIC_{id}');
    await fixture.connected('OSLO', 'PARIS');
    await fixture.publish('PARIS', 'named', 'x', { retain: true });
    await fixture.publish('OSLO', 'any/thing', 'y', { retain: true });
    await fixture.retainedEverywhere('named', 'x');
    await fixture.retainedEverywhere('any/thing', 'y');
    await eventually(() => expect(linesWith('connection lost')).to.deep.equal([]));
  });

  it('hangs up on some topics, does without those, and with all others', async () => {
    const bad = ['bad/one', 'bad/two'];
    const brokers = {
      OSLO: await startMosquitto(),
      PARIS: await startAedes({ hangsUpOn: ({ topic }) => bad.includes(topic) }),
    };
    fixture = await fixtures.start({ brokers, configs: { PARIS: { reconnectPeriod: 50 } } });
    const topics = Array.from({ length: 50 }, (_, index) => `good/${index}`);
    const written = [...bad, ...topics].map(topic => fixture.publish('OSLO', topic, 'x', { retain: true }));
    await Promise.all(written);
    for (const topic of bad) await fixture.mqttrep.line(`hangs up on messages to "${topic}"`, 3 * patience);
    for (const topic of topics) await fixture.retainedEverywhere(topic, 'x');
    const lost = () => linesWith('PARIS: connection lost')?.length;
    const before = lost();
    await fixture.publish('PARIS', 'after', 'y', { retain: true });
    await fixture.retainedEverywhere('after', 'y');
    await fixture.settled();
    expect(lost(), 'connections lost').to.equal(before);
  });
});
