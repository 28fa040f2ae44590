/** Hostile payloads do no harm to decoders: in a merge chain such a payload has no value. */

import { expect } from 'chai';
import fc from 'fast-check';
import { FORMATS, type Format } from '../../../lib/core/merge-chain.ts';
import { compileMergeChain, type Decode, MAX_DECODED_BYTES } from '../../../lib/core/merge-order.ts';
import { follow } from '../../../lib/core/merge-path.ts';
import type { Payload } from '../../../lib/core/payload.ts';
import { loadDecoders } from '../../../lib/reconciler/decoding/decoders.ts';
import { message } from '../../core/ordered.ts';
import { bytesOf, encoders, feature } from './encoded.ts';

describe('Decoders withstand', () => {
  let decoders: Readonly<Record<Format, Decode>>;
  before(async () => {
    decoders = (await loadDecoders(FORMATS)) as Record<Format, Decode>;
  });

  const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
  const filled = (bytes: readonly number[]) => bytesOf(bytes).repeat(MAX_DECODED_BYTES / bytes.length);
  const hostile: readonly (readonly [what: string, payload: Payload])[] = [
    ['JSON nested 100,000 deep', nested('[', ']', 100_000)],
    ['JSON objects nested 40,000 deep', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`],
    ['MessagePack nested 100,000 deep', `${'\x91'.repeat(100_000)}\x01`],
    ['MessagePack maps nested 40,000 deep', `${'\x81\xa1a'.repeat(40_000)}\x01`],
    ['CBOR nested 100,000 deep', `${'\x81'.repeat(100_000)}\x01`],
    ['CBOR tagged 100,000 times', `${'\xc1'.repeat(100_000)}\x01`],
    ['CBOR nested in indefinite lengths', nested('\x9f', '\xff', 100_000)],
    ['CBOR that refers to itself', bytesOf([0xd8, 28, 0x81, 0xd8, 29, 0x00])],
    ['a CBOR integer of 250,000 bytes', `\xc2\x5a\x00\x03\xd0\x90${'\xff'.repeat(250_000)}`],
    ['a CBOR array said to be huge', bytesOf([0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ['a CBOR string said to be huge', bytesOf([0x7b, 0, 0, 0, 1, 0, 0, 0, 0, 0x61])],
    ['a MessagePack array said to be huge', bytesOf([0xdd, 0xff, 0xff, 0xff, 0xff])],
    [
      'MessagePack arrays said to be large, inside each other',
      filled([0xdd, 0x00, 0x0f, 0xff, 0xff, 0xc0, 0xc0, 0xc0]),
    ],
    ['nothing but empty maps', filled([0xa0])],
    [
      'a Geobuf that claims 2^31 polygons',
      bytesOf([0x32, 0x0c, 0x08, 5, 0x12, 5, 0xff, 0xff, 0xff, 0xff, 7, 0x1a, 1, 0]),
    ],
    [
      'a Geobuf of 2^32 dimensions',
      bytesOf([0x10, 0xff, 0xff, 0xff, 0xff, 15, 0x32, 6, 0x08, 2, 0x1a, 2, 0, 0]),
    ],
    ['Geobuf collections nested deep', geometryCollections(2_000)],
    ['a Geobuf of nothing but features', `\x22\xfe\xff\x0f${'\x0a\x00'.repeat(131_000)}`],
    ['10 MB of JSON', `[${'1,'.repeat(5_000_000)}1]`],
  ];
  for (const [what, payload] of hostile) {
    it(what, () => {
      for (const format of FORMATS) compareWith(format, payload);
    });
  }

  it('keys that lead to prototypes', () => {
    for (const format of ['json', 'cbor', 'geobuf'] as const) {
      const evil = JSON.parse(
        '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
      ) as Record<string, unknown>;
      const payload = encoders[format](format === 'geobuf' ? feature(evil) : evil);
      expect(follow(decoders[format](payload), ['polluted'])).to.equal(undefined);
      expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
    }
    expect(() => decoders.msgpack(bytesOf([0x81, 0xa9, ...Buffer.from('__proto__'), 1]))).to.throw();
  });

  it('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), bytes => {
        for (const format of FORMATS) compareWith(format, bytesOf(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  it('any change or cut of a good payload', () => {
    const good = FORMATS.map(format =>
      encoders[format](feature({ a: 'some text', b: [1, 2.5], c: true }, 7)),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.nat(),
        fc.nat(255),
        fc.boolean(),
        (payload, where, byte, cut) => {
          const at = where % payload.length;
          const rest = cut ? '' : payload.slice(at + 1);
          const changed = payload.slice(0, at) + String.fromCharCode(byte) + rest;
          for (const format of FORMATS) compareWith(format, changed);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('a Geobuf that is cut anywhere, which has no value', () => {
    const payload = encoders.geobuf(feature({ a: 'some text', b: 2.5 }, 'duck'));
    const whole = decoders.geobuf(payload);
    for (let end = 1; end < payload.length; end++) {
      let decoded: unknown;
      try {
        decoded = decoders.geobuf(payload.slice(0, end));
      } catch {
        continue;
      }
      // A cut between two fields of the root leaves a complete message, without the feature.
      expect(decoded).not.to.deep.equal(whole);
      expect(follow(decoded, ['properties'])).to.equal(undefined);
    }
  });

  function compareWith(format: Format, payload: Payload): void {
    const order = compileMergeChain([{ by: format, path: ['a', '0'] }, { by: 'arrival' }], decoders);
    expect(order(message(payload, 2), message('x', 1))).to.be.greaterThan(0);
  }
});

/** Nested GeometryCollections. The length field grows with the nesting, so the sizes are computed first. */
function geometryCollections(depth: number): string {
  let inner = Buffer.from([0x08, 6]);
  for (let level = 0; level < depth; level++) {
    inner = Buffer.concat([Buffer.from([0x08, 6, 0x22]), varint(inner.length), inner]);
  }
  return bytesOf(Buffer.concat([Buffer.from([0x32]), varint(inner.length), inner]));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
