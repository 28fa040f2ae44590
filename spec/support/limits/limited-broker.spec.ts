/** The relay that gives a real mosquitto limits keeps those of sizes and counts as its line of the table says. */

import { expect } from 'chai';
import mqtt, { type IConnackPacket } from 'mqtt';
import { failureOf } from '../failure-of.ts';
import { retainedOf } from '../retained-of.ts';
import type { BrokerLimits } from './broker-limits.ts';
import { LIMITED_BROKERS } from './limit-table.ts';
import { overEachVersion, withLimitedBroker } from './limited-broker-fixture.ts';

withLimitedBroker('A broker with limits', fixture => {
  const filters = (count: number) => Array.from({ length: count }, (_, index) => `filter/${index}`);

  overEachVersion(protocolVersion => {
    it('behaves like the broker behind it if it has no limit', async () => {
      await fixture.start({});
      const client = await fixture.connect({ protocolVersion });
      await client.subscribe(filters(100));
      await client.subscribe('#', { qos: 2 });
      for (const qos of [0, 1, 2] as const) {
        await client.publish('t', String(qos), { qos, retain: true });
        await client.waitFor(({ payload }) => payload === String(qos));
      }
      expect((await retainedOf(fixture.limited.url, 't')).get('t')).to.equal('2');
    });

    it('closes the connection at a SUBSCRIBE with too many filters', async () => {
      await fixture.start(LIMITED_BROKERS['closes the connection at more than 8 filters in a SUBSCRIBE']);
      const client = await fixture.connect({ protocolVersion });
      await client.subscribe(filters(8));
      await failureOf(client.subscribe(filters(9)));
      await client.closed();
    });

    it('refuses each filter of a SUBSCRIBE with too many, and keeps the connection', async () => {
      await fixture.start(LIMITED_BROKERS['refuses more than 14 filters in a SUBSCRIBE']);
      const client = await fixture.connect({ protocolVersion });
      await client.subscribe(filters(14));
      await failureOf(client.subscribe(filters(15)));
      await client.subscribe('t');
      await client.publish('t', 'still served');
      await client.waitFor(({ payload }) => payload === 'still served');
    });

    it('closes the connection at a packet that is too large, and accepts the largest one allowed', async () => {
      await fixture.start(LIMITED_BROKERS['hangs up on packets of more than 4,096 bytes']);
      const client = await fixture.connect({ protocolVersion });
      // A fixed header of 3 bytes, the topic with its length, the packet identifier, and over MQTT 5 the properties.
      const overhead = 3 + 3 + 2 + (protocolVersion === 5 ? 1 : 0);
      await client.publish('t', 'x'.repeat(4_096 - overhead));
      await failureOf(client.publish('t', 'x'.repeat(4_097 - overhead)));
      await client.closed();
    });

    it('closes the connection at a topic with too many levels', async () => {
      await fixture.start(LIMITED_BROKERS['hangs up on topics of more than 10 levels']);
      const client = await fixture.connect({ protocolVersion });
      await client.publish('1/2/3/4/5/6/7/8/9/10', '');
      await failureOf(client.publish('1/2/3/4/5/6/7/8/9/10/11', ''));
      await client.closed();
    });

    it('limits the rate of bytes', async () => {
      await fixture.start(LIMITED_BROKERS['is reached at 500,000 bytes per second']);
      const client = await fixture.connect({ protocolVersion });
      const before = performance.now();
      await client.publish('t', 'x'.repeat(250_000));
      expect(performance.now() - before).to.be.greaterThan(450);
    });
  });

  it('announces its limits over MQTT 5', async () => {
    const { maximumPacketSize } = await announcedBy({ packetSize: { most: 4_096, isAnnounced: true } });
    expect(maximumPacketSize).to.equal(4_096);
    expect(await announcedBy({ packetSize: { most: 4_096, isAnnounced: false } })).to.not.have.property(
      'maximumPacketSize',
    );
    expect((await announcedBy({ receiveMaximum: 5 })).receiveMaximum).to.equal(5);
  });

  async function announcedBy(limits: BrokerLimits): Promise<NonNullable<IConnackPacket['properties']>> {
    await fixture.start(limits);
    const client = mqtt.connect(fixture.limited.url, { protocolVersion: 5, reconnectPeriod: 0 });
    const connack = await new Promise<IConnackPacket>((resolve, reject) =>
      client.once('connect', resolve).once('error', reject),
    );
    await client.endAsync();
    return connack.properties ?? {};
  }

  it('accepts as many publishes in flight as it announces over MQTT 5', async () => {
    await fixture.start({ receiveMaximum: 3, delay: 20 });
    const client = await fixture.connect({ protocolVersion: 5 });
    await Promise.all(['1', '2', '3'].map(payload => client.publish('t', payload)));
    await Promise.all(['4', '5', '6'].map(payload => client.publish('t', payload, { qos: 2 })));
    fixture.limited.assertKept();
  });

  it('closes the connection over MQTT 5 at one publish in flight too many, and records it', async () => {
    await fixture.start(LIMITED_BROKERS['takes one publish at a time']);
    const client = await fixture.connect({ protocolVersion: 5 });
    const both = ['1', '2'].map(payload => failureOf(client.publish('t', payload)));
    await client.closed();
    await Promise.all(both);
    expect(() => fixture.limited.assertKept()).to.throw(
      'connection 0: 2 publishes are in flight, and 1 may be',
    );
  });
});
