/** Which of two messages wins under a merge chain. */

import { expect } from 'chai';
import { FORMATS } from '../../lib/core/merge-chain.ts';
import { type Decoders, MAX_DECODED_BYTES } from '../../lib/core/merge-order.ts';
import type { Message } from '../../lib/core/message.ts';
import type { Payload } from '../../lib/core/payload.ts';
import { loadDecoders } from '../../lib/reconciler/decoding/decoders.ts';
import { encoders, feature } from '../reconciler/decoding/encoded.ts';
import { parseJson } from '../support/payload-text.ts';
import { message, orderOf, properties } from './ordered.ts';

describe('The order of a merge chain', () => {
  let decoders: Decoders;
  before(async () => {
    decoders = await loadDecoders(FORMATS);
  });

  /** In most pairs the winner is older, so that `arrival` alone would prefer the other message. */
  function wins(chain: string, winner: Message, loser: Message): void {
    const order = orderOf(chain, decoders);
    expect(order(winner, loser), 'winner against loser').to.be.greaterThan(0);
    expect(order(loser, winner), 'loser against winner').to.be.lessThan(0);
  }

  describe('prefers the larger of two JSON payloads, though it is older:', () => {
    const pairs: readonly (readonly [larger: string, smaller: string])[] = [
      ['10', '9'],
      ['-1', '-2'],
      ['1e400', '1e308'],
      ['9007199254740993', '9007199254740990'],
      ['true', 'false'],
      ['"b"', '"a"'],
      ['"aa"', '"a"'],
      ['"9"', '"10"'],
      ['"\u{1f986}"', '"\u{fffd}"'],
      ['"\u{10000}"', '"\u{fffd}"'],
      ['"\u{10000}"', '"\u{e000}"'],
      ['"\u{e000}"', '"\u{d7ff}"'],
      ['"2024-05-01T12:00:00+02:00"', '"2024-05-01T09:59:59Z"'],
      ['"2024-05-01T12:00:00Z"', '"2024-05-01T12:00"'.replace('12', '11')],
      ['"2024-05-01T12:00:00.10000001Z"', '"2024-05-01T12:00:00.1Z"'],
      ['"2024-05-01T12:00:00,9Z"', '"2024-05-01T12:00:00.12345Z"'],
      ['"2024-05-02"', '"2024-05-01T23:59:60Z"'.replace('60', '59')],
      ['"20240501T120000Z"', '"2024-05-01T11:59:59Z"'],
      ['"2024-05-01 12:00:00Z"', '"2024-05-01T12:00:01+00:30"'],
      // Values of different kinds.
      ['false', 'null'],
      ['""', 'true'],
      ['0', '"~"'],
      ['"1970-01-01"', '1e300'],
      ['"2024-05-01"', '"2024-02-30"'],
      ['0', '{"a":1}'],
      ['0', '[1]'],
      ['-1', 'no JSON'],
      ['false', '\xff\xfe'],
    ];
    for (const [larger, smaller] of pairs) {
      it(`${larger} beats ${smaller}`, () => {
        const [one, other] = [larger, smaller].map(text => Buffer.from(text, 'utf8').toString('latin1'));
        wins('json:', message(one ?? '', 1), message(other ?? '', 2));
        const inside = (json = '') => message(`{"a":[{"b":${json}}]}`, json === one ? 1 : 2);
        wins('json:a.0.b', inside(one), inside(other));
      });
    }
  });

  describe('leaves equal values to the next comparator:', () => {
    const pairs: readonly (readonly [one: string, other: string])[] = [
      ['1', '1.0'],
      ['0', '-0'],
      ['"2024-05-01T12:00Z"', '"2024-05-01T14:00:00.000+02:00"'],
      ['"2024-05-01T12:00:00"', '"20240501T1200Z"'],
      ['{}', 'null'],
      ['no JSON', '[]'],
    ];
    for (const [one, other] of pairs) {
      it(`${one} equals ${other}`, () => wins('json:', message(other, 2), message(one, 1)));
    }
  });

  describe('finds own properties only:', () => {
    for (const path of [
      '__proto__',
      'constructor',
      'toString',
      'a.length',
      'a.constructor',
      'a.-0',
      'a.00',
    ]) {
      it(`there is nothing at ${path}`, () =>
        wins(`json:${path}`, message('{"a":[1]}', 2), message('{"a":[1,2]}', 1)));
    }
    it('__proto__ is a key like any other', () => {
      wins('json:__proto__.a', message('{"__proto__":{"a":1}}', 1), message('{"a":1}', 2));
      expect(({} as Record<string, unknown>)['a']).to.equal(undefined);
    });
  });

  for (const format of ['json', 'msgpack', 'cbor'] as const) {
    it(`reads ${format}: 10 beats 9, 9 beats nothing, and equal serials let the time decide`, () => {
      const of = (serial: unknown, time: string, at: number) =>
        message(encoders[format]({ meta: { serial, time } }), at);
      const chain = `${format}:meta.serial,${format}:meta.time`;
      wins(chain, of(10, '2024-05-01', 1), of(9, '2024-06-01', 2));
      wins(chain, of(9, '2024-05-01', 1), of(null, '2024-06-01', 2));
      wins(chain, of(9, '2024-06-01', 1), of(9, '2024-05-01', 2));
      wins(chain, of(9, '2024-05-01', 2), of(9, '2024-05-01', 1));
    });
  }

  it('compares integers of 64 bits to the last digit', () => {
    for (const format of ['msgpack', 'cbor'] as const) {
      const of = (serial: bigint, at: number) => message(encoders[format]({ serial }), at);
      wins(`${format}:serial`, of(2n ** 63n + 1n, 1), of(2n ** 63n, 2));
    }
  });

  it('reads geobuf: properties of a single feature, and of one in a collection', () => {
    const one = (t: number, at: number) => message(encoders.geobuf(feature({ t })), at);
    wins('geobuf:properties.t', one(10, 1), one(9, 2));
    const many = (t: number, at: number) =>
      message(
        encoders.geobuf({ type: 'FeatureCollection', features: [feature({ t: 1 }), feature({ t })] }),
        at,
      );
    wins('geobuf:features.1.properties.t', many(10, 1), many(9, 2));
  });

  it('reads user properties: the last of several values, and numbers as numbers', () => {
    const of = (at: number, ...user: [string, string | string[]][]) => message('x', at, properties(...user));
    wins('property:serial', of(1, ['serial', '10']), of(2, ['serial', '9']));
    wins(
      'property:serial',
      of(1, ['serial', '10000000000000000002']),
      of(2, ['serial', '10000000000000000001']),
    );
    wins('property:serial', of(1, ['serial', ['1', '7']]), of(2, ['serial', ['9', '6']]));
    wins('property:time', of(1, ['time', '2024-05-01T12:00Z']), of(2, ['time', '2024-05-01T13:00+02:00']));
    wins('property:serial', of(1, ['serial', 'a']), of(2, ['other', 'b']));
    wins('property:serial', of(1, ['serial', 'a']), message('x', 2, undefined));
    wins('property:__proto__', message('x', 2), message('y', 1));
  });

  it('compares bytes by the first that differs; else the longer payload wins', () => {
    wins('bytes', message('\xff', 1), message('\x7fzzz', 2));
    wins('bytes', message('aa', 1), message('a', 2));
  });

  it('does not decode a payload that is too large', () => {
    const large = (json: string, at: number) => message(json.padEnd(MAX_DECODED_BYTES + 1), at);
    wins('json:', message('1'.padEnd(MAX_DECODED_BYTES), 1), large('2', 2));
    wins('json:', large('1', 2), large('2', 1));
  });

  it('decodes the winner of a busy topic once', () => {
    let decoded = 0;
    const json = (payload: Payload) => {
      decoded++;
      return parseJson(payload);
    };
    const order = orderOf('json:a,json:b', { json });
    const winner = message('{"a":1e9}', 0);
    for (let rival = 0; rival < 1000; rival++) order(message(`{"a":${rival}}`, rival), winner);
    expect(decoded).to.equal(1001);
  });

  it('needs the decoders of its formats', () => {
    expect(() => orderOf('json:a', {})).to.throw('the decoder of json');
  });

  it('compares a deletion and a message by arrival alone', () => {
    wins('json:', message('', 2), message('9', 1));
    wins('json:', message('1', 3), message('', 2));
    wins('json:', message('', 2), message('', 1));
  });

  it('is a ring if a deletion comes between two messages, so the register has to remember the deletion', () => {
    const [before, deletion, after] = [message('5', 1), message('', 2), message('3', 3)];
    wins('json:', deletion, before);
    wins('json:', after, deletion);
    wins('json:', before, after);
  });
});
