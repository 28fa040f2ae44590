/** mqttrep finds out what a broker hangs up on over MQTT 3.1.1, tells it from a network that fails, and leaves it out. */

import { expect } from 'chai';
import { KnownCapabilities } from '../../../lib/broker/capabilities/known-capabilities.ts';
import { type AedesBroker, type AedesOptions, startAedes } from '../../support/aedes-broker.ts';
import { hangsUpOnPresence } from '../../support/broker-quirks.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { PacketRelay } from '../../support/packet-relay.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { BrokerActorFixture, type Told } from '../broker-actor-fixture.ts';

type Session = Told & { readonly kind: 'session-started' };

describe('BrokerActor at a broker that hangs up', function () {
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
    return await fixture.heard((told): told is Session => told.kind === 'session-started');
  }

  async function expectEcho(session: Session): Promise<void> {
    await fixture.replayed();
    fixture.publish(session.session, { topic: 'a', payload: '1' });
    await fixture.heard(told => told.kind === 'observation' && told.topic === 'a');
  }

  it('on control topics writes none, logs it, and goes on', async () => {
    const session = await connect(({ topic }) => topic.startsWith('mqttrep/'));
    expect(session).to.include({ marker: 'unknown', retainsMessages: true });
    await expectEcho(session);
    expect(fixture.log).to.match(/^warn oslo: the broker hangs up on messages under mqttrep\/…/m);
  });

  it('on retained messages publishes none, logs it, and goes on', async () => {
    const session = await connect(({ retain }) => retain);
    expect(session).to.include({ marker: 'unknown', retainsMessages: false });
    await expectEcho(session);
    await fixture.reported(report => report.kind === 'log' && report.message.includes('retains no messages'));
  });

  it('because the network failed leaves nothing out', async () => {
    let failures = 2;
    const session = await connect(
      ({ topic, retain }) => retain && topic.includes('/replay/') && failures-- > 0,
    );
    expect(session).to.include({ marker: 'absent', retainsMessages: true });
    await expectEcho(session);
  });

  it('on the sentinel answers a probe with unknown', async () => {
    const session = await connect(({ topic }) => topic.startsWith('mqttrep/'));
    await fixture.replayed();
    fixture.tell({ kind: 'probe', session: session.session, priority: 'urgent', topics: ['a'] });
    const told = await fixture.heard(
      (one): one is Told & { kind: 'probe-answers' } => one.kind === 'probe-answers',
    );
    expect(told.answers).to.deep.equal([{ topic: 'a', held: 'unknown' }]);
  });
});

const PROTOCOLS = [
  [4, 'MQTT 3.1.1'],
  [5, 'MQTT 5'],
] as const;

describe('BrokerActor at a mosquitto', function () {
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
      const what = stateTopics ? 'with a will of QoS 1' : 'with a will of QoS 0';
      it(`that accepts QoS 0 only over ${protocol}, ${what}, connects, keeps its marker, and publishes with QoS 0`, async () => {
        broker = await startMosquitto({ config: ['max_qos 0'] });
        fixture = new BrokerActorFixture(broker.url, { stateTopics, options: { protocolVersion } });
        await fixture.replayed(1, 20_000);
        const session = await fixture.heard((told): told is Session => told.kind === 'session-started');
        expect(session).to.include({ marker: 'absent', retainsMessages: true });
        fixture.publish(session.session, { topic: 'a', payload: '1', hasNoEcho: true });
        await fixture.heard(told => told.kind === 'observation' && told.topic === 'a');
        expect(fixture.log).not.to.include('mqttrep writes no control topic');
        if (protocolVersion === 4)
          expect(fixture.log).to.match(/closed another one on .+ with QoS 1, and accepted it with QoS 0/);
        if (stateTopics)
          expect(fixture.log).to.match(/info oslo: the broker did not accept CONNECT with a will/);
      });
    }

    it(`that hangs up on the SUBSCRIBE for the presence of others over ${protocol} goes on without it, and logs it`, async () => {
      broker = await startMosquitto();
      relay = await PacketRelay.before(broker.port, hangsUpOnPresence(protocolVersion));
      const crashes: unknown[] = [];
      const crashed = (error: unknown) => crashes.push(error);
      process.on('unhandledRejection', crashed);
      try {
        fixture = new BrokerActorFixture(relay.url, { options: { protocolVersion } });
        await fixture.reported(
          one => one.kind === 'log' && one.message.includes('does not notice other replicators'),
        );
        await fixture.replayed();
      } finally {
        process.off('unhandledRejection', crashed);
      }
      expect(crashes).to.deep.equal([]);
    });
  }
});

describe('KnownCapabilities', () => {
  it('makes a new value for each finding, and leaves earlier values as they are', () => {
    const known = new KnownCapabilities();
    const before = known.current;
    known.learn({ replayOrder: 'any' });
    expect(before.replayOrder).to.equal(undefined);
    expect(known.current).to.deep.equal({ ...before, replayOrder: 'any' });
    expect(Object.isFrozen(known.current)).to.equal(true);
  });

  it('lowers the QoS of the will before it leaves the will out, at a broker that hangs up on CONNECT', () => {
    const known = new KnownCapabilities();
    const failure = { code: undefined, wasConnected: true };
    const wills = Array.from({ length: 6 }, () => {
      const { acceptsWill, willQos } = known.current;
      known.will.connectFailed(failure, acceptsWill ? (Math.min(1, willQos) as 0 | 1) : 0);
      return known.current.acceptsWill ? known.current.willQos : 'none';
    });
    expect(wills).to.deep.equal([2, 0, 0, 'none', 'none', 2]);
  });

  it('lowers the QoS of the will at once if CONNACK says that the QoS is not supported', () => {
    const known = new KnownCapabilities();
    expect(known.will.connectFailed({ code: 0x9b, wasConnected: true }, 1)).to.equal(true);
    expect(known.current).to.include({ willQos: 0, acceptsWill: true });
    expect(known.will.connectFailed({ code: 0x9b, wasConnected: true }, 0)).to.equal(false);
  });

  for (const [code, name] of [
    [0x9a, 'Retain not supported'],
    [0x81, 'Malformed Packet'],
    [0x82, 'Protocol Error'],
  ] as const) {
    it(`leaves the will out if CONNACK says ${name}, and does not blame the will a second time`, () => {
      const known = new KnownCapabilities();
      expect(known.will.connectFailed({ code, wasConnected: true })).to.equal(true);
      expect(known.current.acceptsWill).to.equal(false);
      expect(known.will.connectFailed({ code, wasConnected: true })).to.equal(false);
    });
  }
});
