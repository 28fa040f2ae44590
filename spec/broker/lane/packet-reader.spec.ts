/** The packet reader makes of any bytes what mqtt-packet makes of them, however they are cut. */

import { expect } from 'chai';
import { PacketReader } from '../../../lib/broker/lane/packet-reader.ts';
import type { DecodedMessage } from '../../../lib/broker/lane/received-message.ts';
import { copyOf } from '../../../lib/broker/lane/received-message.ts';
import { hasLargeProperties, sizeOf } from '../../../lib/broker/lane/stand-in.ts';
import { ORDER } from '../../../lib/protocol/properties.ts';
import { packetOf, publishBytes, textProperty, userProperty } from '../../support/publish-bytes.ts';
import { Chance } from '../wire/chance.ts';
import { soundPacket } from '../wire/lane-bytes.ts';
import { actualOf, compareOutcomes, expectedOf, playLaneRound } from '../wire/lane-round.ts';

const LARGEST = 10_000;
const NEVER = () => false;

function readerOf(mqtt5: boolean, topicAliasMaximum = 0) {
  const messages: DecodedMessage[] = [];
  const broken: string[] = [];
  const others: Buffer[] = [];
  const reader = new PacketReader({
    mqtt5,
    largestPayload: LARGEST,
    topicAliasMaximum,
    message: message => messages.push(message.copy()) > 0,
    puback: () => true,
    other: packet => others.push(packet),
    broken: reason => broken.push(reason),
  });
  return { reader, messages, broken, others };
}

/** Feeds pieces of this size. */
function feed(reader: PacketReader, bytes: Buffer, size: number): void {
  for (let at = 0; at < bytes.length; at += size) reader.read(Buffer.from(bytes.subarray(at, at + size)));
}

describe('PacketReader', () => {
  it('makes of random bytes, sound and damaged, what mqtt-packet makes of them', function () {
    this.timeout(30_000);
    const end = performance.now() + 2_000;
    for (let seed = 1; seed <= 300 || performance.now() < end; seed++) playLaneRound(new Chance(seed));
  });

  for (const version of [4, 5] as const) {
    it(`makes the same of a stream of MQTT ${version === 5 ? '5' : '3.1.1'} that is cut at each place`, () => {
      const chance = new Chance(version);
      const small = Array.from({ length: 40 }, () => soundPacket(chance, version)).filter(
        ({ length }) => length < 150,
      );
      const bytes = Buffer.concat(small.slice(0, 12));
      const expected = expectedOf(bytes, version);
      expect(expected.map(({ kind }) => kind)).to.include.members(['message', 'other']);
      for (let at = 1; at < bytes.length; at++) {
        const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
        compareOutcomes(bytes, actualOf(pieces, version, NEVER), expected);
      }
      const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
      compareOutcomes(bytes, actualOf(single, version, NEVER), expected);
    });
  }

  it('keeps the order of user properties, and values that are empty', () => {
    const properties = Buffer.concat([
      userProperty('b', '1'),
      userProperty('7', ''),
      userProperty('b', ''),
      userProperty('__proto__', 'x'),
    ]);
    const { reader, messages } = readerOf(true);
    reader.read(publishBytes({ topic: 't', properties }));
    expect(messages[0]?.properties?.userProperties?.[ORDER]).to.deep.equal([
      ['b', '1'],
      ['7', ''],
      ['b', ''],
      ['__proto__', 'x'],
    ]);
  });

  it('stops where a message is not to be followed by others, and reads on from there', () => {
    const topics: string[] = [];
    const reader = new PacketReader({
      mqtt5: false,
      largestPayload: LARGEST,
      message: ({ topic }) => {
        topics.push(topic);
        return topic !== 'b';
      },
      puback: () => true,
      other: () => undefined,
      broken: () => undefined,
    });
    const bytes = Buffer.concat(['a', 'b', 'c'].map(topic => publishBytes({ topic })));
    const stopped = reader.read(bytes);
    expect(topics).to.deep.equal(['a', 'b']);
    expect(reader.read(bytes, stopped)).to.equal(bytes.length);
    expect(topics).to.deep.equal(['a', 'b', 'c']);
  });

  it('resolves topic aliases that it permits, and no others', () => {
    const alias = (value: number) => Buffer.from([0x23, 0, value]);
    const { reader, messages, broken } = readerOf(true, 5);
    reader.read(publishBytes({ topic: 'long/topic', properties: alias(3) }));
    reader.read(publishBytes({ topic: '', properties: alias(3) }));
    expect(messages.map(({ topic }) => topic)).to.deep.equal(['long/topic', 'long/topic']);
    reader.read(publishBytes({ topic: '', properties: alias(4) }));
    expect(broken).to.have.lengthOf(1);
    const strict = readerOf(true);
    strict.reader.read(publishBytes({ topic: 't', properties: alias(1) }));
    expect(strict.broken[0]).to.contain('topic alias');
  });

  it('keeps a message whose bytes are overwritten, if a copy is made of it', () => {
    const kept: ReturnType<typeof copyOf>[] = [];
    const reader = new PacketReader({
      mqtt5: true,
      largestPayload: LARGEST,
      message: message => kept.push(copyOf(message)) > 0,
      puback: () => true,
      other: () => undefined,
      broken: () => undefined,
    });
    const bytes = publishBytes({ topic: 't', payload: 'value', properties: textProperty(3, 'text/plain') });
    reader.read(bytes);
    bytes.fill(0);
    expect(kept[0]?.payload.toString()).to.equal('value');
    expect(kept[0]?.properties?.contentType).to.equal('text/plain');
  });

  for (const size of [1, 1_000, 64 * 1024]) {
    for (const mqtt5 of [false, true]) {
      it(`leaves out too large payloads in pieces of ${size}, over MQTT ${mqtt5 ? '5' : '3.1.1'}`, () => {
        const { reader, messages, others } = readerOf(mqtt5);
        const properties = mqtt5 ? Buffer.alloc(0) : undefined;
        const large = 300_000;
        const bytes = Buffer.concat([
          publishBytes({ topic: 'large', qos: 1, id: 7, payload: Buffer.alloc(large), properties }),
          publishBytes({ topic: 'large 2', qos: 2, payload: Buffer.alloc(large), properties }),
          publishBytes({ topic: 'next', properties }),
        ]);
        feed(reader, bytes, size);
        expect(messages.map(({ topic }) => topic)).to.deep.equal(['large', 'next']);
        const [first] = messages;
        expect(first?.id).to.equal(7);
        expect(sizeOf(first?.payload ?? Buffer.alloc(0))).to.equal(large + (mqtt5 ? 1 : 0));
        expect(others).to.have.lengthOf(1);
        expect(others[0]?.length).to.be.below(100);
      });
    }

    it(`leaves out too large properties in pieces of ${size}`, () => {
      const many = Buffer.concat(new Array<Buffer>(15_000).fill(userProperty('a', '')));
      const { reader, messages } = readerOf(true);
      const bytes = Buffer.concat([
        publishBytes({ topic: 'many', properties: many, retain: true }),
        publishBytes({ topic: 'next', properties: Buffer.alloc(0) }),
      ]);
      feed(reader, bytes, size);
      expect(messages.map(({ topic, payload }) => [topic, hasLargeProperties(payload)])).to.deep.equal([
        ['many', true],
        ['next', false],
      ]);
    });
  }

  const BROKEN: readonly (readonly [what: string, bytes: Buffer, reason: RegExp])[] = [
    ['a length of five bytes', Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 1]), /more than four bytes/],
    ['a huge SUBACK', Buffer.from([0x90, 0xff, 0xff, 0xff, 0x7f, 0]), /a SUBACK of 268435455 bytes/],
    ['a PUBLISH of QoS 3', packetOf(0x36, Buffer.from([0, 1, 0x61, 0, 1])), /a PUBLISH of QoS 3/],
    ['a large PUBLISH whose topic is longer', Buffer.from([0x30, 2, 0xff, 0xff, 0]), /too short/],
  ];
  for (const [what, bytes, reason] of BROKEN) {
    for (const size of [1, 100]) {
      it(`reads nothing after ${what}, in pieces of ${size}`, () => {
        const { reader, messages, broken } = readerOf(false);
        feed(reader, Buffer.concat([bytes, publishBytes({ topic: 'behind' })]), size);
        expect(broken).to.have.lengthOf(1);
        expect(broken[0]).to.match(reason);
        expect(messages).to.deep.equal([]);
      });
    }
  }

  it('takes little memory for a large packet that is announced and does not come', () => {
    const readers = Array.from({ length: 100 }, () => {
      const { reader } = readerOf(false);
      // A payload of 250,000 bytes passes.
      reader.read(Buffer.from([0x30, 0x90, 0xa1, 0x0f, 0, 1, 0x74]));
      return reader;
    });
    const before = process.memoryUsage().arrayBuffers;
    expect(readers).to.have.lengthOf(100);
    expect(before).to.be.below(100 * 2 ** 20);
  });
});
