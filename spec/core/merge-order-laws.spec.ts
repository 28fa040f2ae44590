/** The order of messages is total under each merge chain. That makes replicas agree. */

import { expect } from 'chai';
import fc from 'fast-check';
import { COMPARATORS, FORMATS } from '../../lib/core/merge-chain.ts';
import type { Decoders } from '../../lib/core/merge-order.ts';
import type { Message } from '../../lib/core/message.ts';
import { loadDecoders } from '../../lib/reconciler/decoding/decoders.ts';
import { encoders, feature } from '../reconciler/decoding/encoded.ts';
import { message, orderOf, properties } from './ordered.ts';

describe('The order of messages under each merge chain', () => {
  let decoders: Decoders;
  before(async () => {
    decoders = await loadDecoders(FORMATS);
  });

  const runs = { numRuns: 3_000 };

  it('is drawn with every comparator', () => {
    const names = [...BEFORE_ARRIVAL, 'arrival'].map(text => text.split(':', 1)[0]);
    expect([...new Set(names)]).to.have.members(COMPARATORS);
  });

  it('is antisymmetric, also for deletions', () => {
    const withDeletions = fc.oneof(
      { weight: 5, arbitrary: messages },
      fc.nat(3).map(at => message('', at)),
    );
    fc.assert(
      fc.property(chainTexts, withDeletions, withDeletions, (chain, a, b) => {
        const order = orderOf(chain, decoders);
        expect(Math.sign(order(a, b)) + Math.sign(order(b, a))).to.equal(0);
        expect(order(a, a)).to.equal(0);
      }),
      runs,
    );
  });

  it('is transitive', () => {
    fc.assert(
      fc.property(chainTexts, messages, messages, messages, (chain, a, b, c) => {
        const order = orderOf(chain, decoders);
        const [first, second, third] = [a, b, c].sort(order);
        if (first === undefined || second === undefined || third === undefined) throw new Error('three');
        expect(order(first, second)).to.be.at.most(0);
        expect(order(second, third)).to.be.at.most(0);
        expect(order(first, third)).to.be.at.most(0);
        if (order(first, third) === 0) {
          expect(order(first, second)).to.equal(0);
          expect(order(second, third)).to.equal(0);
        }
      }),
      runs,
    );
  });

  it('is transitive with deletions, if arrival decides', () => {
    const some = fc.array(
      fc.oneof(
        messages,
        fc.nat(9).map(at => message('', at)),
      ),
      { minLength: 2 },
    );
    fc.assert(
      fc.property(some, all => {
        const order = orderOf('arrival', decoders);
        const sorted = all.toSorted(order);
        sorted.forEach((one, at) => {
          for (const later of sorted.slice(at)) expect(order(one, later)).to.be.at.most(0);
        });
      }),
    );
  });

  it('gives one winner, in whatever order messages are seen', () => {
    const different = fc.uniqueArray(messages, { selector: one => one.version.time, minLength: 2 });
    const shuffled = different.chain(all =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(chainTexts, shuffled, (chain, [some, same]) => {
        const order = orderOf(chain, decoders);
        const winner = (all: readonly Message[]) => all.reduce((a, b) => (order(a, b) >= 0 ? a : b));
        expect(winner(some)).to.equal(winner(same));
      }),
      runs,
    );
  });
});

// ── few different values, so that ties and mixtures of kinds are frequent ──────────────────────────────

const values = fc.constantFrom<unknown>(
  ...[null, true, false, 0, -1, 1, 1.5, 2 ** 53, 1e300, '', '1', 'a', '\u{fffd}', '\u{1f986}', '\ud800'],
  ...['2024-05-01', '2024-05-01T00:00:00Z', '2024-05-01T12:00:00.5+02:00', '20240501T101010Z', '2024-02-30'],
  ...[[], {}, [1], { a: 1 }],
);
const texts = fc.constantFrom(
  '1',
  '01',
  '1.0',
  '9',
  '10',
  '-3',
  '99999999999999999999',
  'a',
  '',
  '2024-05-01',
);
const records = fc.record({ a: values, b: values }, { requiredKeys: [] });

/** Geobuf has integers of 64 bits at most. */
const isGeobuf = (record: object) => !Object.values(record).includes(1e300);

const payloads = fc.oneof(
  fc.constantFrom('json', 'msgpack', 'cbor', 'geobuf').chain(format => {
    if (format === 'geobuf') return records.filter(isGeobuf).map(record => encoders.geobuf(feature(record)));
    const encode = encoders[format as 'json' | 'msgpack' | 'cbor'];
    return fc.oneof(records, values).map(encode);
  }),
  fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 3 }),
  fc.uint8Array({ minLength: 1, maxLength: 20 }).map(bytes => Buffer.from(bytes).toString('latin1')),
  // A big integer, NaN, a date in two formats.
  fc.constantFrom(
    '\xcf\xff\xff\xff\xff\xff\xff\xff\xff',
    '\xf9\x7e\x00',
    '\xc1\x1a\x66\x31\x84\x80',
    '\xd6\xff\x66\x31\x84\x80',
  ),
);

const messages: fc.Arbitrary<Message> = fc
  .record({
    payload: payloads,
    time: fc.nat(1000),
    properties: fc.option(
      fc.oneof(
        texts.map(text => properties(['p', text])),
        fc.array(texts, { minLength: 1, maxLength: 2 }).map(list => properties(['p', list], ['q', 'x'])),
        fc.constant(''),
      ),
      { nil: undefined },
    ),
  })
  .map(({ payload, time, properties: text }) => message(payload, time, text));

const BEFORE_ARRIVAL = [
  ...['json:', 'json:a', 'json:b', 'msgpack:', 'msgpack:a', 'cbor:', 'cbor:a', 'cbor:b'],
  ...['geobuf:properties.a', 'geobuf:properties.b', 'property:p', 'property:q', 'bytes'],
];

const chainTexts = fc
  .shuffledSubarray(BEFORE_ARRIVAL, { maxLength: 4 })
  .map(chain => [...chain, 'arrival'].join());
