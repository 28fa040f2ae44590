/** What the packet writer encodes, mqtt-packet decodes to what was meant. */

import { expect } from 'chai';
import { type IPublishPacket, type Packet, parser } from 'mqtt-packet';
import { packetSize } from '../../../lib/broker/connection/packet-size.ts';
import { PacketWriter } from '../../../lib/broker/lane/packet-writer.ts';
import type { SentProperties } from '../../../lib/protocol/properties.ts';
import { Chance } from '../wire/chance.ts';

interface EncodedPublish {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly id: number;
  readonly properties: SentProperties | undefined;
}

function write(writer: PacketWriter, one: EncodedPublish): void {
  writer.publish(one.topic, one.payload, one.qos, one.retain, one.id, one.properties);
}

function parsed(bytes: Buffer, protocolVersion: 4 | 5): Packet[] {
  const packets: Packet[] = [];
  const reader = parser({ protocolVersion });
  reader.on('packet', packet => packets.push(packet));
  reader.on('error', error => {
    throw error;
  });
  reader.parse(bytes);
  return packets;
}

const TEXTS = ['', 'x', 'canards/oslo', 'é'.repeat(30), '\u{1F986}', 'x'.repeat(41), 'y'.repeat(20_000)];

function drawn(chance: Chance, mqtt5: boolean): EncodedPublish {
  const text = () => chance.pick(TEXTS);
  const some = <T>(value: T): T | undefined => (chance.happens(0.4) ? value : undefined);
  const user = () => ({
    [chance.pick(['a', 'b', '7', '__proto__'])]: chance.happens(0.2) ? [text(), ''] : text(),
  });
  const userProperties = chance.happens(0.3) ? undefined : chance.pick([user(), [user(), user(), user()]]);
  const all = {
    payloadFormatIndicator: some(chance.happens(0.5)),
    messageExpiryInterval: some(chance.pick([0, 1, 0xffff_ffff])),
    contentType: some(text()),
    responseTopic: some(text()),
    correlationData: some(chance.bytes(chance.below(200))),
    userProperties,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return {
    topic: text() || 't',
    payload: chance.bytes(chance.pick([0, 1, 100, 110, 120, 130, 8_191, 8_192, 20_000])),
    qos: chance.pick([0, 1] as const),
    retain: chance.happens(0.5),
    id: 1 + chance.below(65_535),
    properties: mqtt5 ? (given as EncodedPublish['properties']) : undefined,
  };
}

/** As mqtt-packet has them: grouped by name, without an empty value where the name has another one. */
function grouped(list: unknown): Record<string, unknown> {
  const user: Record<string, unknown> = Object.create(null);
  for (const some of [list].flat() as Record<string, string | string[]>[]) {
    for (const [name, values] of Object.entries(some)) {
      for (const value of [values].flat()) {
        if (!user[name]) user[name] = value;
        else user[name] = [user[name], value].flat();
      }
    }
  }
  return user;
}

describe('PacketWriter', () => {
  for (const version of [4, 5] as const) {
    it(`writes what mqtt-packet reads as MQTT ${version === 5 ? '5' : '3.1.1'}, with its size`, () => {
      const chance = new Chance(version);
      const writer = new PacketWriter();
      for (let round = 0; round < 150; round++) {
        const publishes = Array.from({ length: 1 + chance.below(6) }, () => drawn(chance, version === 5));
        for (const one of publishes) {
          const before = writer.length;
          write(writer, one);
          expect(writer.length - before).to.equal(packetSize(one));
          writer.puback(one.id);
        }
        const length = writer.length;
        const bytes = Buffer.concat(writer.take());
        expect(bytes.length).to.equal(length);
        const packets = parsed(bytes, version);
        expect(packets).to.have.lengthOf(2 * publishes.length);
        for (const [index, one] of publishes.entries()) {
          const read = packets[2 * index] as IPublishPacket;
          const { userProperties, ...others } = read.properties ?? {};
          expect({
            topic: read.topic,
            qos: read.qos,
            retain: read.retain,
            id: read.messageId ?? one.id,
          }).to.deep.equal({
            topic: one.topic,
            qos: one.qos,
            retain: one.retain,
            id: one.id,
          });
          expect(one.payload.equals(read.payload as Buffer)).to.equal(true);
          const { userProperties: user, ...meant } = one.properties ?? { userProperties: undefined };
          expect(others).to.deep.equal(meant);
          if (user !== undefined)
            expect(Object.fromEntries(Object.entries(userProperties ?? {}))).to.deep.equal(
              Object.fromEntries(Object.entries(grouped(user))),
            );
          expect(packets[2 * index + 1]).to.include({ cmd: 'puback', messageId: one.id });
        }
      }
    });
  }

  it('copies small pieces, and not a large payload', () => {
    const writer = new PacketWriter();
    const small = Buffer.from('small');
    const large = Buffer.alloc(10_000, 'x');
    writer.raw(small);
    writer.raw('text');
    writer.raw(large);
    small.fill(0);
    const pieces = writer.take();
    expect(pieces.map(({ length }) => length)).to.deep.equal([9, 10_000]);
    expect(String(pieces[0])).to.equal('smalltext');
    expect(pieces[1]?.buffer).to.equal(large.buffer);
  });

  it('writes nothing of a publish with a text that is longer than MQTT allows', () => {
    const writer = new PacketWriter();
    const publish = {
      payload: Buffer.from('x'),
      qos: 1,
      retain: false,
      id: 7,
      properties: undefined,
    } as const;
    write(writer, { ...publish, topic: 'before' });
    expect(() => write(writer, { ...publish, topic: 'é'.repeat(40_000) })).to.throw(
      'longer than MQTT allows',
    );
    write(writer, { ...publish, topic: 'after' });
    const packets = parsed(Buffer.concat(writer.take()), 4);
    expect(packets.map(packet => (packet as IPublishPacket).topic)).to.deep.equal(['before', 'after']);
  });
});
