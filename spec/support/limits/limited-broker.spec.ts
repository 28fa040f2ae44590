/** The relay that gives a real mosquitto limits behaves as its line of the table says. */

import { expect } from 'chai';
import mqtt, { type IConnackPacket } from 'mqtt';
import { TestClient, type TestClientOptions } from '../client.ts';
import { eventually } from '../eventually.ts';
import { failureOf } from '../failure-of.ts';
import { requireMosquitto, startMosquitto } from '../mosquitto.ts';
import { retainedOf } from '../retained-of.ts';
import type { TestBroker } from '../test-broker.ts';
import type { BrokerLimits } from './broker-limits.ts';
import { LIMITED_BROKERS } from './limit-table.ts';
import { LimitedBroker } from './limited-broker.ts';

const VERSIONS = [
  ['MQTT 3.1.1', 4],
  ['MQTT 5', 5],
] as const;

describe('A broker with limits', () => {
  let mosquitto: TestBroker;
  let limited: LimitedBroker;
  const clients: TestClient[] = [];

  before(async function () {
    requireMosquitto(this);
    mosquitto = await startMosquitto({ config: ['max_inflight_messages 100'] });
  });

  after(() => mosquitto?.stop());

  afterEach(async () => {
    await Promise.all(clients.splice(0).map(client => client.destroy()));
    await limited?.close();
  });

  async function start(limits: BrokerLimits): Promise<void> {
    limited = await LimitedBroker.before(mosquitto.port, limits);
  }

  async function connect(options: TestClientOptions = {}, url = limited.url): Promise<TestClient> {
    const client = await TestClient.connect(url, options);
    clients.push(client);
    return client;
  }

  /** It subscribes at the broker itself, so that it has no limits. */
  async function watcher(): Promise<TestClient> {
    const client = await connect({}, mosquitto.url);
    await client.subscribe('#');
    return client;
  }

  const filters = (count: number) => Array.from({ length: count }, (_, index) => `filter/${index}`);

  for (const [version, protocolVersion] of VERSIONS) {
    describe(`over ${version}`, () => {
      it('behaves like the broker behind it if it has no limit', async () => {
        await start({});
        const client = await connect({ protocolVersion });
        await client.subscribe(filters(100));
        await client.subscribe('#', { qos: 2 });
        for (const qos of [0, 1, 2] as const) {
          await client.publish('t', String(qos), { qos, retain: true });
          await client.waitFor(({ payload }) => payload === String(qos));
        }
        expect((await retainedOf(limited.url, 't')).get('t')).to.equal('2');
      });

      it('closes the connection at a SUBSCRIBE with too many filters', async () => {
        await start(LIMITED_BROKERS['closes the connection at more than 8 filters in a SUBSCRIBE']);
        const client = await connect({ protocolVersion });
        await client.subscribe(filters(8));
        await failureOf(client.subscribe(filters(9)));
        await client.closed();
      });

      it('refuses each filter of a SUBSCRIBE with too many, and keeps the connection', async () => {
        await start(LIMITED_BROKERS['refuses more than 14 filters in a SUBSCRIBE']);
        const client = await connect({ protocolVersion });
        await client.subscribe(filters(14));
        await failureOf(client.subscribe(filters(15)));
        await client.subscribe('t');
        await client.publish('t', 'still served');
        await client.waitFor(({ payload }) => payload === 'still served');
      });

      it('closes the connection at a packet that is too large, and accepts the largest one allowed', async () => {
        await start(LIMITED_BROKERS['hangs up on packets of more than 4,096 bytes']);
        const client = await connect({ protocolVersion });
        // A fixed header of 3 bytes, the topic with its length, the packet identifier, and over MQTT 5 the properties.
        const overhead = 3 + 3 + 2 + (protocolVersion === 5 ? 1 : 0);
        await client.publish('t', 'x'.repeat(4_096 - overhead));
        await failureOf(client.publish('t', 'x'.repeat(4_097 - overhead)));
        await client.closed();
      });

      it('closes the connection at a topic with too many levels', async () => {
        await start(LIMITED_BROKERS['hangs up on topics of more than 10 levels']);
        const client = await connect({ protocolVersion });
        await client.publish('1/2/3/4/5/6/7/8/9/10', '');
        await failureOf(client.publish('1/2/3/4/5/6/7/8/9/10/11', ''));
        await client.closed();
      });

      it('grants a filter without the right to read, and delivers nothing until the right is given', async () => {
        await start({ mayRead: { except: ['secret/#'], otherwise: 'silently' } });
        const client = await connect({ protocolVersion });
        await client.subscribe('#', { qos: 2 });
        await client.subscribe('secret/t', { qos: 1 });
        const writer = await watcher();
        for (const qos of [0, 1, 2] as const) await writer.publish('secret/t', 'kept back', { qos });
        await writer.publish('t', 'shown');
        await client.waitFor(({ payload }) => payload === 'shown');
        expect(client.messages.map(({ payload }) => payload)).to.not.include('kept back');
        limited.rights.mayRead = undefined;
        await writer.publish('secret/t', 'shown as well', { qos: 2 });
        await client.waitFor(({ payload }) => payload === 'shown as well');
      });

      it('refuses filters without the right to read, and grants the others of the same SUBSCRIBE', async () => {
        await start(LIMITED_BROKERS['grants home/# only, and refuses the rest']);
        const client = await connect({ protocolVersion });
        await failureOf(client.subscribe(['a', 'home/+', 'b']));
        await (await watcher()).publish('home/t', 'shown');
        await client.waitFor(({ payload }) => payload === 'shown');
        await failureOf(client.subscribe('#'));
        await client.publish('home/u', 'still served');
      });

      it('acknowledges and discards a publish without the right to write', async () => {
        await start(LIMITED_BROKERS['grants home/# only, and is silent about the rest']);
        const client = await connect({ protocolVersion });
        const reader = await watcher();
        for (const qos of [0, 1, 2] as const) await client.publish('work/t', 'lost', { qos });
        await client.publish('home/t', 'taken');
        await reader.waitFor(({ payload }) => payload === 'taken');
        expect(reader.messages.map(({ payload }) => payload)).to.not.include('lost');
      });

      it('closes the connection if the right to write or read is missing', async () => {
        await start(LIMITED_BROKERS['grants home/# only, and hangs up on the rest']);
        const writer = await connect({ protocolVersion });
        await failureOf(writer.publish('work/t', ''));
        const reader = await connect({ protocolVersion });
        await failureOf(reader.subscribe('#'));
        await Promise.all([writer.closed(), reader.closed()]);
      });

      it('refuses a second connection of one user until the first has ended', async () => {
        await start(LIMITED_BROKERS['refuses a second connection of one user']);
        const first = await connect({ protocolVersion, username: 'replicator' });
        await failureOf(connect({ protocolVersion, username: 'replicator' }));
        await connect({ protocolVersion, username: 'another' });
        await first.publish('t', 'still served');
        await first.destroy();
        await eventually(() => connect({ protocolVersion, username: 'replicator' }));
      });

      it('closes the first connection of a user when a second one is opened', async () => {
        await start(LIMITED_BROKERS['throws the first connection of a user out']);
        const first = await connect({ protocolVersion, username: 'replicator' });
        const second = await connect({ protocolVersion, username: 'replicator' });
        await first.closed();
        await second.publish('t', 'served');
      });

      it('loses the n-th answer of a type, and no other', async () => {
        await start({ lost: [{ answer: 'suback', nth: 2 }] });
        const client = await connect({ protocolVersion });
        await client.subscribe('first');
        const lost = failureOf(client.subscribe('second'));
        await client.subscribe('third');
        await client.publish('second', 'subscribed all the same');
        await client.waitFor(({ topic }) => topic === 'second');
        expect(limited.answers('suback')).to.equal(3);
        await client.destroy();
        await lost;
      });

      for (const answer of ['puback', 'unsuback', 'pubrec', 'pubcomp'] as const) {
        it(`loses a ${answer.toUpperCase()}`, async () => {
          await start({ lost: [{ answer, nth: 1 }] });
          const client = await connect({ protocolVersion });
          const qos = answer === 'puback' ? 1 : 2;
          const unanswered =
            answer === 'unsuback' ? client.unsubscribe('t') : client.publish('t', '', { qos });
          const failure = failureOf(unanswered);
          await eventually(() => expect(limited.answers(answer)).to.equal(1));
          await client.subscribe('t');
          await client.destroy();
          await failure;
        });
      }

      it('loses a CONNACK, and serves the next connection', async () => {
        await start({ lost: [{ answer: 'connack', nth: 1 }] });
        await failureOf(connect({ protocolVersion, connectTimeout: 200 }));
        await connect({ protocolVersion });
      });

      it('is silent from a packet on, keeps that connection open, and serves the next one', async () => {
        await start({ silentFrom: { packet: 'publish', nth: 2 } });
        const client = await connect({ protocolVersion });
        await client.subscribe('#');
        await client.publish('t', 'first');
        const reader = await watcher();
        const unanswered = failureOf(client.publish('t', 'second'));
        await eventually(() => expect(limited.silentConnections).to.equal(1));
        const other = await connect({ protocolVersion });
        await other.publish('t', 'third');
        await reader.waitFor(({ payload }) => payload === 'third');
        expect(reader.messages.map(({ payload }) => payload)).to.not.include('second');
        expect(client.messages.map(({ payload }) => payload)).to.not.include('third');
        expect(client.connected).to.equal(true);
        await client.destroy();
        await unanswered;
      });

      it('becomes silent on request', async () => {
        await start({});
        const client = await connect({ protocolVersion });
        limited.fallSilent();
        const unanswered = failureOf(client.publish('t', 'first'));
        await (await connect({ protocolVersion })).publish('t', 'second');
        expect(client.connected).to.equal(true);
        await client.destroy();
        await unanswered;
      });

      it('limits the rate of bytes', async () => {
        await start(LIMITED_BROKERS['is reached at 500,000 bytes per second']);
        const client = await connect({ protocolVersion });
        const before = performance.now();
        await client.publish('t', 'x'.repeat(250_000));
        expect(performance.now() - before).to.be.greaterThan(450);
      });
    });
  }

  it('announces its limits over MQTT 5', async () => {
    const { maximumPacketSize } = await announcedBy({ packetSize: { most: 4_096, isAnnounced: true } });
    expect(maximumPacketSize).to.equal(4_096);
    expect(await announcedBy({ packetSize: { most: 4_096, isAnnounced: false } })).to.not.have.property(
      'maximumPacketSize',
    );
    expect((await announcedBy({ receiveMaximum: 5 })).receiveMaximum).to.equal(5);
  });

  async function announcedBy(limits: BrokerLimits): Promise<NonNullable<IConnackPacket['properties']>> {
    await limited?.close();
    await start(limits);
    const client = mqtt.connect(limited.url, { protocolVersion: 5, reconnectPeriod: 0 });
    const connack = await new Promise<IConnackPacket>((resolve, reject) =>
      client.once('connect', resolve).once('error', reject),
    );
    await client.endAsync();
    return connack.properties ?? {};
  }

  it('refuses a publish without the right to write over MQTT 5, with a reason', async () => {
    await start(LIMITED_BROKERS['grants home/# only, and refuses the rest']);
    const client = await connect({ protocolVersion: 5 });
    for (const qos of [1, 2] as const) {
      expect(await failureOf(client.publish('work/t', '', { qos }))).to.include({ code: 0x87 });
    }
    await client.publish('home/t', 'still served');
  });

  it('accepts as many publishes in flight as it announces over MQTT 5', async () => {
    await start({ receiveMaximum: 3, delay: 20 });
    const client = await connect({ protocolVersion: 5 });
    await Promise.all(['1', '2', '3'].map(payload => client.publish('t', payload)));
    await Promise.all(['4', '5', '6'].map(payload => client.publish('t', payload, { qos: 2 })));
    limited.assertKept();
  });

  it('closes the connection over MQTT 5 at one publish in flight too many, and records it', async () => {
    await start(LIMITED_BROKERS['takes one publish at a time']);
    const client = await connect({ protocolVersion: 5 });
    const both = ['1', '2'].map(payload => failureOf(client.publish('t', payload)));
    await client.closed();
    await Promise.all(both);
    expect(() => limited.assertKept()).to.throw('connection 0: 2 publishes are in flight, and 1 may be');
  });

  it('loses a PINGRESP', async () => {
    await start({ lost: [{ answer: 'pingresp', nth: 1 }] });
    const client = await connect({ keepalive: 1 });
    await client.closed();
    expect(limited.answers('pingresp')).to.equal(1);
  });
});
