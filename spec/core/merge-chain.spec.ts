/** Merge chains as text and as data: which texts are read, and which are rejected. */

import { expect } from 'chai';
import fc from 'fast-check';
import {
  COMPARATORS,
  type Comparator,
  FORMATS,
  formatMergeChain,
  formatsOf,
  MAX_COMPARATORS,
  type MergeChain,
  parseMergeChain,
} from '../../lib/core/merge-chain.ts';

function chainOf(text: string): MergeChain {
  const parsed = parseMergeChain(text);
  if ('fault' in parsed) throw new Error(`${text}: ${parsed.fault.kind}`);
  return parsed.chain;
}

const ARRIVAL = { by: 'arrival' } as const;

describe('A merge chain', () => {
  const valid: readonly (readonly [text: string, ...chain: Comparator[]])[] = [
    ['arrival', ARRIVAL],
    ['bytes', { by: 'bytes' }, ARRIVAL],
    ['json:serial', { by: 'json', path: ['serial'] }, ARRIVAL],
    ['json:', { by: 'json', path: [] }, ARRIVAL],
    [
      'json:meta.serial,json:meta.time,arrival',
      { by: 'json', path: ['meta', 'serial'] },
      { by: 'json', path: ['meta', 'time'] },
      ARRIVAL,
    ],
    ['geobuf:features.0.properties.t', { by: 'geobuf', path: ['features', '0', 'properties', 't'] }, ARRIVAL],
    [' CBOR:a , , MsgPack:b,', { by: 'cbor', path: ['a'] }, { by: 'msgpack', path: ['b'] }, ARRIVAL],
    ['json:a\\.b.c', { by: 'json', path: ['a.b', 'c'] }, ARRIVAL],
    ['json:a\\,b,bytes', { by: 'json', path: ['a,b'] }, { by: 'bytes' }, ARRIVAL],
    ['json:a\\\\.b', { by: 'json', path: ['a\\', 'b'] }, ARRIVAL],
    ['json:urn:x', { by: 'json', path: ['urn:x'] }, ARRIVAL],
    ['json:__proto__.constructor', { by: 'json', path: ['__proto__', 'constructor'] }, ARRIVAL],
    [`json:${'a.'.repeat(31)}a`, { by: 'json', path: new Array<string>(32).fill('a') }, ARRIVAL],
    [new Array<string>(15).fill('bytes').join(), ...new Array<Comparator>(15).fill({ by: 'bytes' }), ARRIVAL],
    ['property:meta.serial', { by: 'property', name: 'meta.serial' }, ARRIVAL],
  ];
  for (const [text, ...chain] of valid) {
    it(`is read from ${text.slice(0, 40)}`, () => expect(chainOf(text)).to.deep.equal(chain));
  }

  it('is read with each comparator', () => {
    const names = valid.flatMap(([, ...chain]) => chain.map(({ by }) => by));
    expect([...new Set(names)]).to.have.members(COMPARATORS);
  });

  const invalid: readonly (readonly [text: string, kind: string])[] = [
    ['', 'empty'],
    [' , ', 'empty'],
    ['arrival,bytes', 'after arrival'],
    ['json:a,arrival,bytes', 'after arrival'],
    ['lastwin,json:a', 'after arrival'],
    ['jsn:a', 'unknown'],
    ['constructor', 'unknown'],
    ['json', 'no argument'],
    ['property:', 'no argument'],
    ['bytes:a', 'argument'],
    ['arrival:a', 'argument'],
    ['json:a..b', 'empty key'],
    ['json:a.', 'empty key'],
    ['json:a\\b', 'stray backslash'],
    ['json:a\\', 'stray backslash'],
    ['property:a\\b', 'stray backslash'],
    [`json:${'a.'.repeat(32)}a`, 'too many keys'],
    [Array.from({ length: MAX_COMPARATORS }, (_, n) => `json:${n}`).join(), 'too long'],
  ];
  for (const [text, kind] of invalid) {
    it(`is rejected as "${kind}": ${text.slice(0, 40)}`, () => {
      const parsed = parseMergeChain(text);
      expect('fault' in parsed && parsed.fault.kind).to.equal(kind);
    });
  }

  const old: readonly (readonly [from: string, to: string])[] = [
    ['lastwin', 'arrival'],
    ['biggest', 'bytes'],
    ['random', 'bytes'],
    ['jsonbiggest:meta.serial', 'json:meta.serial'],
    ['jsonBiggest:features[0].id', 'json:features.0.id'],
    ['jsonbiggest:[2]', 'json:2'],
    ['msgpackbiggest:a', 'msgpack:a'],
    ['geobufbiggest:properties.t', 'geobuf:properties.t'],
  ];
  for (const [from, to] of old) {
    it(`of the first version is read, and reported with its new text: ${from}`, () => {
      const parsed = parseMergeChain(`json:a,${from}`);
      expect(parsed).to.deep.equal({ chain: chainOf(`json:a,${to}`), renamed: [{ from, to }] });
    });
  }

  it('stays the same if it is formatted and read again', () => {
    fc.assert(
      fc.property(chains, chain => {
        expect(chainOf(formatMergeChain(chain))).to.deep.equal(chain);
      }),
    );
  });

  it('is plain data, which can cross threads', () => {
    const chain = chainOf('json:a.b,property:p,bytes');
    expect(structuredClone(chain)).to.deep.equal(chain);
  });

  it('is read or rejected for every text, and ends with arrival', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        const parsed = parseMergeChain(text);
        if ('chain' in parsed) expect(parsed.chain.at(-1)).to.deep.equal(ARRIVAL);
      }),
    );
  });

  it('lists the formats that it has to decode', () => {
    const formats = formatsOf([
      chainOf('json:a,json:b,bytes'),
      chainOf('property:p,cbor:'),
      chainOf('arrival'),
    ]);
    expect([...formats]).to.have.members(['json', 'cbor']);
  });
});

const keys = fc.string({ minLength: 1, maxLength: 5 }).filter(key => key.trim() === key);
const chains: fc.Arbitrary<MergeChain> = fc
  .array(
    fc.oneof(
      fc.constant<Comparator>({ by: 'bytes' }),
      keys.map((name): Comparator => ({ by: 'property', name })),
      fc
        .tuple(fc.constantFrom(...FORMATS), fc.array(keys, { maxLength: 3 }))
        .map(([by, path]): Comparator => ({ by, path })),
    ),
    { maxLength: 4 },
  )
  .map(chain => [...chain, ARRIVAL]);
