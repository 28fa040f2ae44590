/**
 * Values that a merge chain compares, in one total order over all of them: by kind first,
 *
 *     nothing < boolean < text < number < time
 *
 * then within the kind. Values of different kinds are never equal. Otherwise three messages could beat each other in a ring,
 * and replicas would never agree. The kinds are ordered by how well they serve as a version: the text
 * `"n/a"`, or the 0 of a clock that was not set, must not beat a real time for ever.
 *
 * A value that is missing, null, NaN, an object, an array or a byte string counts as nothing.
 */

import { compareTimes, parseIsoTime, type Time, timeOf } from './iso-time.ts';

export type Value =
  | undefined
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number | bigint }
  | { readonly kind: 'time'; readonly value: Time };

const RANKS = { boolean: 1, text: 2, number: 3, time: 4 } as const;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const LARGE_INTEGER = /^-?[1-9]\d{15,77}$/;

/** The value of decoded data. A text that is a time in ISO 8601 becomes a time; `"10"` stays a text. */
export function valueFrom(decoded: unknown): Value {
  switch (typeof decoded) {
    case 'boolean':
      return { kind: 'boolean', value: decoded };
    case 'number':
      return Number.isNaN(decoded) ? undefined : { kind: 'number', value: decoded };
    case 'bigint':
      return { kind: 'number', value: decoded };
    case 'string': {
      const time = parseIsoTime(decoded);
      return time === undefined ? { kind: 'text', value: decoded } : { kind: 'time', value: time };
    }
    default: {
      const time = decoded instanceof Date ? timeOf(decoded) : undefined;
      return time && { kind: 'time', value: time };
    }
  }
}

/** The value of a text without a type, such as a user property: there `10` is more than `9`. */
export function valueFromText(text: string): Value {
  if (LARGE_INTEGER.test(text)) return { kind: 'number', value: BigInt(text) };
  return valueFrom(NUMBER.test(text) ? Number(text) : text);
}

/** Positive if `a` is larger, negative if `b` is; 0 if they are equal. */
export function compareValues(a: Value, b: Value): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (a.kind === 'text' && b.kind === 'text') return compareTexts(a.value, b.value);
  if (a.kind === 'time' && b.kind === 'time') return compareTimes(a.value, b.value);
  if (a.kind !== b.kind) return RANKS[a.kind] - RANKS[b.kind];
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/** Compares by code point, as the bytes of UTF-8 would. `<` compares UTF-16, where U+FFFD is larger than an emoji. */
function compareTexts(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (one !== other) return aboveSurrogates(one) - aboveSurrogates(other);
  }
  return a.length - b.length;
}

/** Moves surrogates above all other units, since they stand for larger code points. */
function aboveSurrogates(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
