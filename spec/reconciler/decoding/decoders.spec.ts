/** Decoders return what was encoded. */

import { expect } from 'chai';
import fc from 'fast-check';
import { decode as decodeByReference } from 'geobuf';
import { PbfReader } from 'pbf';
import { FORMATS, type Format } from '../../../lib/core/merge-chain.ts';
import type { Decode } from '../../../lib/core/merge-order.ts';
import { follow } from '../../../lib/core/merge-path.ts';
import type { Payload } from '../../../lib/core/payload.ts';
import { loadDecoders } from '../../../lib/reconciler/decoding/decoders.ts';
import { bytesOf, encoders, feature } from './encoded.ts';

describe('Decoders', () => {
  let decoders: Readonly<Record<Format, Decode>>;
  before(async () => {
    decoders = (await loadDecoders(FORMATS)) as Record<Format, Decode>;
  });

  it('are loaded for the requested formats only', async () => {
    expect(Object.keys(await loadDecoders(['json']))).to.deep.equal(['json']);
    expect(await loadDecoders([])).to.deep.equal({});
  });

  describe('find', () => {
    const json = encoders.json({ é: [1, { '0': 'x' }] });
    const date = new Date('2024-05-01T12:00:00.250Z');
    const point = encoders.geobuf({ ...feature({ t: 7, list: [1] }, 'duck'), extra: 'e' });
    const found: readonly (readonly [what: string, Format, Payload, path: string[], value: unknown])[] = [
      ['a key beyond ASCII', 'json', json, ['é', '0'], 1],
      ['an index that is a key', 'json', json, ['é', '1', '0'], 'x'],
      ['JSON behind a byte order mark', 'json', `\xef\xbb\xbf${json}`, ['é', '0'], 1],
      ['a timestamp', 'msgpack', encoders.msgpack({ t: date }), ['t'], date],
      ['2^64 - 1', 'msgpack', encoders.msgpack([2n ** 64n - 1n]), ['0'], 2n ** 64n - 1n],
      ['no value in an unknown extension', 'msgpack', bytesOf([0xd4, 7, 1]), ['data'], undefined],
      ['no key in a byte string', 'msgpack', encoders.msgpack(new Uint8Array([1])), ['0'], undefined],
      ['a tagged date', 'cbor', bytesOf([0xc1, 0x00]), [], new Date(0)],
      ['a large integer', 'cbor', bytesOf([0xc2, 0x49, 1, ...new Array<number>(8).fill(0)]), [], 2n ** 64n],
      ['a large negative integer', 'cbor', bytesOf([0xc3, 0x41, 1]), [], -2n],
      [
        'what stands behind an unknown tag',
        'cbor',
        bytesOf([0xd9, 0xd9, 0xf7, 0xd8, 0x25, 0x81, 5]),
        ['0'],
        5,
      ],
      ['a key that is a number', 'cbor', bytesOf([0xa2, 0x20, 6, 1, 7]), ['-1'], 6],
      ['an array of indefinite length', 'cbor', bytesOf([0x9f, 1, 2, 0xff]), ['1'], 2],
      ['a property', 'geobuf', point, ['properties', 't'], 7],
      ['in a property that is JSON', 'geobuf', point, ['properties', 'list', '0'], 1],
      ['an id', 'geobuf', point, ['id'], 'duck'],
      ['a key beside those of GeoJSON', 'geobuf', point, ['extra'], 'e'],
      ['a coordinate of a point', 'geobuf', point, ['geometry', 'coordinates', '0'], 10.75],
    ];
    for (const [what, format, payload, path, value] of found) {
      it(`${what} (${format})`, () => {
        expect(follow(decoders[format](payload), path)).to.deep.equal(value);
      });
    }
  });

  it('return any value that was encoded', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false } as fc.JsonSharedConstraints), value => {
        expect(decoders.json(encoders.json(value))).to.deep.equal(JSON.parse(JSON.stringify(value)));
        expect(plain(decoders.cbor(encoders.cbor(value)))).to.deep.equal(plain(value));
      }),
    );
  });

  it('read complete MessagePack, and no part of it', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 3 }).filter(v => !JSON.stringify(v).includes('__proto__')),
        value => {
          const payload = encoders.msgpack(value);
          const integersAreBig = (_: string, v: unknown) => (typeof v === 'bigint' ? Number(v) : v);
          const decoded = JSON.stringify(decoders.msgpack(payload), integersAreBig);
          expect(decoded).to.equal(JSON.stringify(value));
          for (let end = 0; end < payload.length; end++) {
            expect(() => decoders.msgpack(payload.slice(0, end))).to.throw();
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('read every kind of MessagePack header', () => {
    const sizes = [0, 1, 31, 32, 255, 256, 65_535, 65_536];
    for (const size of sizes) {
      const kinds = ['a'.repeat(size), new Uint8Array(size), new Array<number>(size).fill(1)];
      for (const kind of kinds) expect(decoders.msgpack(encoders.msgpack(kind))).to.deep.equal(kind);
      const map = Object.fromEntries(Array.from({ length: Math.min(size, 256) }, (_, n) => [`k${n}`, n]));
      expect(decoders.msgpack(encoders.msgpack(map))).to.deep.equal(map);
    }
    const numbers = [0, 127, 255, 65_535, 2 ** 32 - 1, -1, -32, -33, -129, -32_769, 1.5];
    for (const number of numbers) expect(decoders.msgpack(encoders.msgpack(number))).to.equal(number);
    for (const head of [0xd4, 0xd5, 0xd6, 0xd7, 0xd8]) {
      const extension = [head, 9, ...new Array<number>(2 ** (head - 0xd4)).fill(0)];
      expect(() => decoders.msgpack(bytesOf(extension))).not.to.throw();
      expect(() => decoders.msgpack(bytesOf([...extension, 0]))).to.throw();
    }
  });

  it('read Geobuf as its own library does, except for the shapes', () => {
    const properties = fc.dictionary(
      // The library's encoder takes inherited properties for known keys; its decoder omits `prototype`.
      fc.string({ minLength: 1 }).filter(key => !(key in {}) && key !== 'prototype'),
      fc.oneof(
        fc.string(),
        fc.integer(),
        fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
        fc.boolean(),
        fc.constant({ x: [1] }),
      ),
    );
    const geometry = fc.constantFrom(
      null,
      { type: 'Point', coordinates: [1.5, -2, 30] },
      {
        type: 'LineString',
        coordinates: [
          [1, 2],
          [3, 4],
        ],
      },
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 0],
            [1, 1],
            [0, 0],
          ],
        ],
      },
      { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }] },
    );
    const one = fc.record({
      type: fc.constant('Feature'),
      id: fc.oneof(fc.integer(), fc.string()),
      geometry,
      properties,
    });
    const many = fc.record({
      type: fc.constant('FeatureCollection'),
      features: fc.array(one, { maxLength: 3 }),
      name: fc.string(),
    });
    fc.assert(
      fc.property(
        fc.oneof(
          one,
          many,
          geometry.filter(g => g !== null),
        ),
        value => {
          const payload = encoders.geobuf(value);
          const reference = decodeByReference(new PbfReader(Buffer.from(payload, 'latin1')));
          expect(withoutShapes(decoders.geobuf(payload))).to.deep.equal(withoutShapes(reference));
        },
      ),
    );
  });
});

/** Maps become objects, and lone surrogates become what UTF-8 makes of them. */
function plain(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value).toString();
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** As in JSON: without prototypes, and without coordinates other than those of points. */
function withoutShapes(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, function (key, inner: unknown) {
      const isPoint = (this as Record<string, unknown>)['type'] === 'Point';
      return key === 'coordinates' && !isPoint ? undefined : inner;
    }),
  );
}
