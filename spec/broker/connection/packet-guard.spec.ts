/** A stand-in replaces a message that is too large, however the stream is cut into chunks; all other bytes stay as they are. */

import { Duplex } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { guardStream, PacketGuard } from '../../../lib/broker/connection/packet-guard.ts';
import { hasLargeProperties, sizeOf } from '../../../lib/broker/connection/stand-in.ts';
import { MAX_PROPERTY_BYTES } from '../../../lib/protocol/property-faults.ts';
import { headerOf } from '../../support/packet-bytes.ts';
import { publishBytes, userProperty } from '../../support/publish-bytes.ts';

/** Bytes that topic and properties may have beside the largest payload. */
const OVERHEAD_BYTES = 256 * 1024;
const LARGEST = 1_000;

const length = (bytes: number): Buffer => {
  const digits: number[] = [];
  for (let left = bytes; digits.length === 0 || left > 0; left = Math.floor(left / 128)) {
    digits.push((left % 128) | (left >= 128 ? 0x80 : 0));
  }
  return Buffer.from(digits);
};

const packet = (first: number, ...content: Buffer[]): Buffer => {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([first]), length(body.length), body]);
};

interface Publish {
  readonly topic: string;
  readonly qos: number;
  readonly payload: number;
}

/** A PUBLISH, with one user property over MQTT 5, and the part before its payload. */
function publish({ topic, qos, payload }: Publish, mqtt5: boolean): Buffer {
  const name = Buffer.from(topic);
  const topicLength = Buffer.from([name.length >> 8, name.length & 0xff]);
  const id = qos === 0 ? Buffer.alloc(0) : Buffer.from([0x12, 0x34]);
  const properties = mqtt5 ? Buffer.from([7, 0x26, 0, 1, 0x61, 0, 1, 0x62]) : Buffer.alloc(0);
  return packet(0x30 | (qos << 1), topicLength, name, id, properties, Buffer.alloc(payload, 'p'));
}

/** Parses the bytes that a guard has passed, like a client. */
function read(
  bytes: Buffer,
  mqtt5: boolean,
): { readonly first: number; readonly topic?: string; size?: number }[] {
  const packets: { first: number; topic?: string; size?: number }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes.readUInt8(at++);
    let rest = 0;
    for (let digit = 0; ; digit++) {
      const byte = bytes.readUInt8(at++);
      rest += (byte & 0x7f) * 128 ** digit;
      if (byte < 0x80) break;
    }
    const body = bytes.subarray(at, at + rest);
    expect(body.length, 'the last packet is complete').to.equal(rest);
    at += rest;
    if (first >> 4 !== 3) {
      packets.push({ first });
      continue;
    }
    const topicEnd = 2 + body.readUInt16BE(0);
    const idEnd = topicEnd + (first & 0b110 ? 2 : 0);
    const payload = body.subarray(idEnd + (mqtt5 ? 1 + body.readUInt8(idEnd) : 0));
    packets.push({ first, topic: body.toString('utf8', 2, topicEnd), size: sizeOf(payload) });
  }
  return packets;
}

const publishes: fc.Arbitrary<Publish> = fc.record({
  topic: fc.string({ minLength: 1, maxLength: 300 }),
  qos: fc.nat({ max: 2 }),
  payload: fc.oneof(
    fc.nat({ max: 300 }),
    fc.integer({ min: LARGEST + OVERHEAD_BYTES + 1, max: LARGEST + OVERHEAD_BYTES + 100_000 }),
  ),
});

for (const mqtt5 of [false, true]) {
  describe(`PacketGuard of ${mqtt5 ? 'MQTT 5' : 'MQTT 3.1.1'}`, () => {
    it('passes each message with its topic and size, and too large ones without their payload', () => {
      const streams = fc.array(fc.oneof(publishes, fc.constant('ping' as const)), { maxLength: 8 });
      const cuts = fc.array(
        fc.oneof(
          fc.constant(1),
          fc.nat({ max: 200_000 }).map(size => size + 1),
        ),
        {
          minLength: 1,
        },
      );
      fc.assert(
        fc.property(streams, cuts, (stream, cuts) => {
          const sent = Buffer.concat(
            stream.map(one => (one === 'ping' ? Buffer.from([0xd0, 0]) : publish(one, mqtt5))),
          );
          const guard = new PacketGuard(LARGEST, mqtt5);
          const passed: Buffer[] = [];
          for (let at = 0, cut = 0; at < sent.length; cut++) {
            const size = cuts[cut % cuts.length] ?? 1;
            // Only a few short chunks: a stream of single bytes takes too long.
            const end = Math.min(sent.length, at + (cut < 200 ? size : Math.max(size, 10_000)));
            passed.push(Buffer.from(guard.pass(sent.subarray(at, end))));
            at = end;
          }
          const received = Buffer.concat(passed);
          const expected = stream.map(one =>
            one === 'ping'
              ? { first: 0xd0 }
              : { first: 0x30 | (one.qos << 1), topic: one.topic, size: one.payload },
          );
          const properties = mqtt5 ? 8 : 0;
          const sizes = read(received, mqtt5).map(({ size, ...rest }, index) => {
            const one = stream[index];
            const isLarge = one !== undefined && one !== 'ping' && one.payload > LARGEST + OVERHEAD_BYTES;
            // The size in a stand-in includes the properties.
            return size === undefined ? rest : { ...rest, size: size - (isLarge ? properties : 0) };
          });
          expect(sizes).to.deep.equal(expected);
          expect(received.length).to.be.lessThan(10_000);
        }),
        { numRuns: 100 },
      );
    });
  });
}

describe('PacketGuard of properties', () => {
  const many = (count: number) => Buffer.concat(Array.from({ length: count }, () => userProperty('a', '')));
  const next = publishBytes({ topic: 'next', properties: Buffer.alloc(0) });

  function passed(bytes: Buffer, cut: number, mqtt5 = true): Buffer {
    const guard = new PacketGuard(4_000_000, mqtt5);
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += cut)
      parts.push(Buffer.from(guard.pass(bytes.subarray(at, at + cut))));
    return Buffer.concat(parts);
  }

  for (const cut of [1_000_000, 1_460, 7]) {
    it(`replaces a message with 100,000 user properties by a stand-in, in chunks of ${cut} bytes`, () => {
      const bytes = passed(
        Buffer.concat([publishBytes({ topic: 't', properties: many(100_000) }), next]),
        cut,
      );
      expect(bytes.length).to.be.below(100);
      const standIn = bytes.subarray(0, bytes.length - next.length);
      const payload = standIn.subarray(headerOf(standIn) + 2 + 1 + 1);
      expect(hasLargeProperties(payload)).to.equal(true);
      expect(sizeOf(payload), 'larger than any bound').to.equal(Number.POSITIVE_INFINITY);
      expect(bytes.subarray(-next.length)).to.deep.equal(next);
    });

    it(`passes a message that is large only for its payload, in chunks of ${cut} bytes`, () => {
      const payload = Buffer.alloc(MAX_PROPERTY_BYTES * 2, 'p');
      for (const qos of [0, 1] as const) {
        const bytes = Buffer.concat([
          publishBytes({ topic: 't', qos, payload, properties: many(1_000) }),
          next,
        ]);
        expect(passed(bytes, cut).equals(bytes)).to.equal(true);
      }
    });
  }

  it('reads no properties over MQTT 3.1.1, where a payload may look like them', () => {
    const bytes = publishBytes({ topic: 't', payload: Buffer.alloc(200_000, 0x7f) });
    expect(passed(bytes, 1_460, false).equals(bytes)).to.equal(true);
  });

  it('leaves a malformed length to the parser', () => {
    const bytes = publishBytes({ topic: 't', properties: Buffer.alloc(0), payload: Buffer.alloc(200_000) });
    bytes.fill(0xff, headerOf(bytes) + 3, headerOf(bytes) + 8);
    expect(passed(bytes, 1_460).equals(bytes)).to.equal(true);
  });
});

describe('A guarded stream', () => {
  it('ends as without a guard, and hands on no empty chunk', async () => {
    const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    guardStream(stream, new PacketGuard(LARGEST, false));
    const large = publish({ topic: 't', qos: 0, payload: LARGEST + OVERHEAD_BYTES }, false);
    stream.push(large.subarray(0, 3));
    stream.push(large.subarray(3));
    stream.push(null);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks).to.have.lengthOf(1);
  });
});
