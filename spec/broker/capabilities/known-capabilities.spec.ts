/** What a broker hangs up on over MQTT 3.1.1 is found out, told apart from a network that fails, and left out. */

import { expect } from 'chai';
import { BrokerCapabilities } from '../../../lib/broker/capabilities/known-capabilities.ts';
import { type AedesBroker, type AedesOptions, startAedes } from '../../support/aedes-broker.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { hangsUpOnPresence } from '../../support/oddities.ts';
import { PacketRelay } from '../../support/packet-relay.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { BrokerActorFixture, type Told } from '../broker-actor-fixture.ts';

type Session = Told & { readonly kind: 'session' };

describe('Broker actor at a broker that hangs up', function () {
  this.timeout(30_000);

  let broker: AedesBroker;
  let fixture: BrokerActorFixture;

  afterEach(async () => {
    await fixture?.stop();
    await broker?.stop();
  });

  async function connect(hangsUpOn: NonNullable<AedesOptions['hangsUpOn']>): Promise<Session> {
    broker = await startAedes({ hangsUpOn });
    fixture = new BrokerActorFixture(broker.url, { options: { protocolVersion: 4 } });
    return await fixture.heard((told): told is Session => told.kind === 'session');
  }

  async function expectEcho(session: Session): Promise<void> {
    await fixture.replayed();
    fixture.publish(session.session, { topic: 'a', payload: '1' });
    await fixture.heard(told => told.kind === 'observation' && told.topic === 'a');
  }

  it('on topics of ours: writes none, says so, and goes on', async () => {
    const session = await connect(({ topic }) => topic.startsWith('mqttrep/'));
    expect(session).to.include({ marker: 'unknown', retains: true });
    await expectEcho(session);
    expect(fixture.log).to.match(/^warn oslo: the broker hangs up on messages under mqttrep\/…/m);
  });

  it('on what is retained: publishes nothing retained, says so, and goes on', async () => {
    const session = await connect(({ retain }) => retain);
    expect(session).to.include({ marker: 'unknown', retains: false });
    await expectEcho(session);
    await fixture.reported(report => report.kind === 'log' && report.message.includes('retains no messages'));
  });

  it('because the network failed: does without nothing', async () => {
    let failures = 2;
    const session = await connect(
      ({ topic, retain }) => retain && topic.includes('/replay/') && failures-- > 0,
    );
    expect(session).to.include({ marker: 'absent', retains: true });
    await expectEcho(session);
  });

  it('answers a probe with unknown where it may write no sentinel', async () => {
    const session = await connect(({ topic }) => topic.startsWith('mqttrep/'));
    await fixture.replayed();
    fixture.tell({ kind: 'probe', session: session.session, priority: 'urgent', topics: ['a'] });
    const told = await fixture.heard((one): one is Told & { kind: 'found' } => one.kind === 'found');
    expect(told.answers).to.deep.equal([{ topic: 'a', found: 'unknown' }]);
  });
});

const PROTOCOLS = [
  [4, 'MQTT 3.1.1'],
  [5, 'MQTT 5'],
] as const;

describe('Broker actor at a mosquitto', function () {
  this.timeout(30_000);

  let broker: TestBroker;
  let relay: PacketRelay | undefined;
  let fixture: BrokerActorFixture;

  beforeEach(function () {
    requireMosquitto(this);
  });

  afterEach(async () => {
    await fixture?.stop();
    await relay?.close();
    await broker?.stop();
  });

  for (const [protocolVersion, protocol] of PROTOCOLS) {
    for (const stateTopics of [false, true]) {
      const what = stateTopics ? 'and a will of QoS 1' : 'and a will of QoS 0';
      it(`that takes QoS 0 only over ${protocol}, ${what}: connects, keeps its marker, publishes with QoS 0`, async () => {
        broker = await startMosquitto({ config: ['max_qos 0'] });
        fixture = new BrokerActorFixture(broker.url, { stateTopics, options: { protocolVersion } });
        await fixture.replayed(1, 20_000);
        const session = await fixture.heard((told): told is Session => told.kind === 'session');
        expect(session).to.include({ marker: 'absent', retains: true });
        fixture.publish(session.session, { topic: 'a', payload: '1', confirm: true });
        await fixture.heard(told => told.kind === 'observation' && told.topic === 'a');
        expect(fixture.log).not.to.include('mqttrep writes no topic of its own');
        if (protocolVersion === 4)
          expect(fixture.log).to.match(/closed another one on .+ with QoS 1, and took it with QoS 0/);
        if (stateTopics)
          expect(fixture.log).to.match(/info oslo: the broker did not accept CONNECT with a will/);
      });
    }

    it(`that hangs up where the presence of others is asked for over ${protocol}: goes on without that, and says so`, async () => {
      broker = await startMosquitto();
      relay = await PacketRelay.before(broker.port, hangsUpOnPresence(protocolVersion));
      const crashes: unknown[] = [];
      const crashed = (error: unknown) => crashes.push(error);
      process.on('unhandledRejection', crashed);
      try {
        fixture = new BrokerActorFixture(relay.url, { options: { protocolVersion } });
        await fixture.reported(one => one.kind === 'log' && one.message.includes('go unnoticed'));
        await fixture.replayed();
      } finally {
        process.off('unhandledRejection', crashed);
      }
      expect(crashes).to.deep.equal([]);
    });
  }
});

describe('Concessions', () => {
  it('lower the QoS of the will before they leave it out, where a broker hangs up on CONNECT', () => {
    const concessions = new BrokerCapabilities();
    const failure = { code: undefined, wasConnected: true };
    const wills = Array.from({ length: 6 }, () => {
      concessions.connectFailed(failure, concessions.will ? (Math.min(1, concessions.willQos) as 0 | 1) : 0);
      return concessions.will ? concessions.willQos : 'none';
    });
    expect(wills).to.deep.equal([2, 0, 0, 'none', 'none', 2]);
  });

  it('lower the QoS of the will at once where CONNACK says QoS not supported', () => {
    const concessions = new BrokerCapabilities();
    expect(concessions.connectFailed({ code: 0x9b, wasConnected: true }, 1)).to.equal(true);
    expect(concessions).to.include({ willQos: 0, will: true });
    expect(concessions.connectFailed({ code: 0x9b, wasConnected: true }, 0)).to.equal(false);
  });

  for (const [code, name] of [
    [0x9a, 'Retain not supported'],
    [0x81, 'Malformed Packet'],
    [0x82, 'Protocol Error'],
  ] as const) {
    it(`connect without our will where CONNACK says ${name}, and do not blame the will a second time`, () => {
      const concessions = new BrokerCapabilities();
      expect(concessions.connectFailed({ code, wasConnected: true })).to.equal(true);
      expect(concessions.will).to.equal(false);
      expect(concessions.connectFailed({ code, wasConnected: true })).to.equal(false);
    });
  }
});
