/** The heartbeat proves that messages flow, and finds a connection that stands and carries nothing. */

import { expect } from 'chai';
import sinon from 'sinon';
import { HEARTBEAT_TIMEOUT_MS, Heartbeat } from '../../../lib/broker/connection/heartbeat.ts';
import { eventually } from '../../support/eventually.ts';
import { Link } from '../../support/link.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { PUBLISH, topicOf, typeOf } from '../../support/packet-bytes.ts';
import { PacketRelay } from '../../support/packet-relay.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { BrokerActorFixture } from '../broker-actor-fixture.ts';

const PERIOD_MS = 10_000;
const TOPIC = 'mqttrep/us/heartbeat/oslo';

/** A busy machine delays each beat. */
const PATIENCE_MS = 40_000;

describe('Heartbeat', () => {
  let clock: sinon.SinonFakeTimers;
  let log: string[];
  let published: string[];
  let received: number;
  let isHolding: boolean;
  let isWriting: boolean;
  let isDestroyed: boolean;
  let subscribed: string[];
  let cameBack: number[];
  let heartbeat: Heartbeat;

  const connection = {
    publish: (topic: string, payload: Buffer) => published.push(`${topic} ${payload}`),
    subscribe: async (filters: readonly string[]) => {
      subscribed.push(...filters);
      return [];
    },
    destroy: () => {
      isDestroyed = true;
    },
    get hasEnded() {
      return isDestroyed;
    },
    get isWriting() {
      return isWriting;
    },
  } as unknown as Parameters<Heartbeat['begin']>[0];

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    [log, published, subscribed, cameBack] = [[], [], [], []];
    [received, isHolding, isWriting, isDestroyed] = [0, false, false, false];
    heartbeat = new Heartbeat({
      periodMs: PERIOD_MS,
      log: (level, message) => log.push(`${level} ${message}`),
      received: () => received,
      isHolding: () => isHolding,
      cameBack: sentAt => cameBack.push(sentAt),
    });
  });

  afterEach(() => clock.restore());

  const begin = () => heartbeat.begin(connection, TOPIC, [{ filter: '#', qos: 1 }]);
  const comesBack = () =>
    heartbeat.observe({ topic: TOPIC, payload: Buffer.from(published.at(-1)?.split(' ')[1] ?? '') });

  it('costs one message each period, and none before the first', async () => {
    begin();
    await clock.tickAsync(PERIOD_MS - 1);
    expect(published).to.deep.equal([]);
    for (let beat = 1; beat <= 3; beat++) {
      await clock.tickAsync(beat === 1 ? 1 : PERIOD_MS);
      expect(published).to.have.length(beat);
      comesBack();
    }
    expect(published[0]).to.equal(`${TOPIC} 1`);
  });

  it('measures the time until it comes back', async () => {
    begin();
    await clock.tickAsync(PERIOD_MS);
    await clock.tickAsync(120);
    expect(comesBack()).to.equal(true);
    expect(heartbeat.measures.latency).to.be.closeTo(120, 1);
    expect(cameBack).to.have.length(1);
  });

  it('measures a path as the way of the other heartbeat and its own, without the wait between them', async () => {
    begin();
    const { timeOrigin } = performance;
    await clock.tickAsync(5_000);
    heartbeat.heard('PARIS', timeOrigin + performance.now() - 40);
    await clock.tickAsync(PERIOD_MS - 5_000);
    await clock.tickAsync(30);
    comesBack();
    expect(heartbeat.measures.paths['PARIS']).to.be.closeTo(70, 1);
  });

  it('subscribes to its topic only if no filter covers it', async () => {
    begin();
    await clock.tickAsync(PERIOD_MS);
    expect(subscribed).to.deep.equal([]);
    heartbeat.begin(connection, TOPIC, [{ filter: 'home/#', qos: 1 }]);
    await clock.tickAsync(PERIOD_MS);
    expect(subscribed).to.deep.equal([TOPIC]);
  });

  it('ends the connection in less than 15 s if nothing arrives any more', async () => {
    begin();
    await clock.tickAsync(PERIOD_MS);
    comesBack();
    await clock.tickAsync(PERIOD_MS + HEARTBEAT_TIMEOUT_MS);
    expect(PERIOD_MS + HEARTBEAT_TIMEOUT_MS).to.be.below(15_000);
    expect(isDestroyed).to.equal(true);
    expect(heartbeat.silences).to.equal(1);
    expect(log.join()).to.contain('connected but silent');
  });

  for (const [title, change] of [
    ['another message arrives', () => received++],
    ['mqttrep does not read at present', () => (isHolding = true)],
    ['mqttrep is still writing', () => (isWriting = true)],
  ] as const) {
    it(`keeps the connection if ${title}`, async () => {
      begin();
      await clock.tickAsync(PERIOD_MS);
      comesBack();
      await clock.tickAsync(PERIOD_MS - 1);
      await clock.tickAsync(2);
      change();
      await clock.tickAsync(HEARTBEAT_TIMEOUT_MS);
      expect(isDestroyed).to.equal(false);
    });
  }

  it('keeps the connection to a broker that never delivered a heartbeat, and says so once', async () => {
    begin();
    await clock.tickAsync(5 * PERIOD_MS);
    expect(isDestroyed).to.equal(false);
    expect(log).to.have.length(1);
    expect(log[0]).to.match(/^info the heartbeat under .* does not come back/);
  });

  it('sends no more to a broker that twice ended the connection at the first one', async () => {
    for (let session = 1; session <= 3; session++) {
      isDestroyed = false;
      begin();
      await clock.tickAsync(PERIOD_MS + 100);
      isDestroyed = true;
      heartbeat.end();
    }
    expect(published).to.have.length(2);
    expect(log.join()).to.contain('sends no more heartbeats');
  });

  it('is not sent where mqttrep may write no control topic, or if it is off', async () => {
    heartbeat.begin(connection, undefined, []);
    await clock.tickAsync(3 * PERIOD_MS);
    expect(published).to.deep.equal([]);
  });
});

describe('BrokerActor at a connection that stands and carries nothing', function () {
  this.timeout(4 * PATIENCE_MS);

  let broker: TestBroker;
  let fixture: BrokerActorFixture;

  beforeEach(async function () {
    requireMosquitto(this);
    broker = await startMosquitto();
  });

  afterEach(async () => {
    await fixture?.stop();
    await broker?.stop();
  });

  const hasBeaten = () =>
    eventually(() => expect(fixture.kinds).to.include('heartbeat'), { within: PATIENCE_MS });

  it('connects again when the network has fallen silent', async () => {
    const link = await Link.to(broker.port);
    fixture = new BrokerActorFixture(link.url, { heartbeatMs: 4_000 });
    await fixture.replayed();
    await hasBeaten();
    link.freeze();
    await eventually(() => expect(fixture.log).to.contain('connected but silent'), { within: PATIENCE_MS });
    link.thaw();
    await fixture.replayed(2, PATIENCE_MS);
    expect(fixture.actor.measures.counts.silences).to.equal(1);
    await link.close();
  });

  it('connects again to a broker that answers everything and delivers nothing', async () => {
    let isMute = false;
    const relay = await PacketRelay.before(broker.port, {
      level: 'any',
      fromBroker: packet => (isMute && typeOf(packet) === PUBLISH ? 'silence' : packet),
    });
    fixture = new BrokerActorFixture(relay.url, { heartbeatMs: 4_000 });
    await fixture.replayed();
    await hasBeaten();
    isMute = true;
    await eventually(() => expect(fixture.log).to.contain('connected but silent'), { within: PATIENCE_MS });
    isMute = false;
    await fixture.replayed(2, PATIENCE_MS);
    await relay.close();
  });

  it('publishes its heartbeats unretained, and keeps them from the reconciler', async () => {
    const topics: string[] = [];
    const relay = await PacketRelay.before(broker.port, {
      level: 'any',
      fromClient: packet => {
        if (typeOf(packet) === PUBLISH && topicOf(packet).includes('/heartbeat/'))
          topics.push(`${topicOf(packet)} ${(packet[0] ?? 0) & 1}`);
        return packet;
      },
    });
    fixture = new BrokerActorFixture(relay.url, { heartbeatMs: 4_000 });
    await hasBeaten();
    expect(topics).to.deep.equal(['mqttrep/us/heartbeat/oslo 0']);
    expect(fixture.observations()).to.deep.equal([]);
    await relay.close();
  });
});
