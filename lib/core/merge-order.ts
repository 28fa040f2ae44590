/**
 * The order of messages that a merge chain means.
 *
 * Holds: among messages that are no deletions the order is total (antisymmetric, transitive; two are equal
 * only when they are the same write), for every chain and whatever the payloads are. So the winner is the
 * same in whatever order they are met. It never throws on what a network can send: what cannot be read, or is
 * too large to be, has no value.
 *
 * A deletion has no value to compare: it is newer than a message or it is not. With the chain `arrival`
 * that is the same total order. With any other it is not transitive, and nothing between two messages could
 * make it so: a deletion beats the older serial 5, a serial 3 written after the deletion beats that, and 5
 * beats 3. So the register remembers the last deletion (`cleared`), and what is older never wins again: registers are
 * ordered by that first, and by the chain then, which is total once more.
 */

import { LruCache } from './lru-cache.ts';
import { type Comparator, type Format, formatMergeChain, type MergeChain } from './merge-chain.ts';
import { follow } from './merge-path.ts';
import { compareValues, type Value, valueFrom, valueFromText } from './merge-value.ts';
import { type Bytes, isDeletion, type Message } from './message.ts';
import { compareVersions } from './version.ts';

/** Positive when `a` wins, negative when `b` wins, 0 when they are the same write. */
export type MessageOrder = (a: Message, b: Message) => number;

/** What a payload says; throws, or gives anything at all, for a payload that is not of the format. */
export type Decode = (payload: Bytes) => unknown;

export type Decoders = Readonly<Partial<Record<Format, Decode>>>;

/**
 * Bytes. A payload longer than this is not decoded, and has no value: decoded, it may take a few hundred
 * times its length in memory, if it was made for that.
 */
export const MAX_DECODED_BYTES = 256 * 1024;

/** @throws {Error} when a decoder that the chain needs is missing: `formatsOf` tells which ones it needs */
export function compileMergeChain(chain: MergeChain, decoders: Decoders): MessageOrder {
  const orders = ordersOf(chain, decoders).map(({ order }) => order);
  return (a, b) => {
    if (a !== b && !isDeletion(a) && !isDeletion(b)) {
      for (const order of orders) {
        const decided = order(a, b);
        if (decided !== 0) return decided;
      }
    }
    return compareVersions(a.version, b.version);
  };
}

/** Names the comparator that decides between two messages, as a user writes it. */
export type Decider = (a: Message, b: Message) => string;

/**
 * Tells afterwards what `compileMergeChain` went by. Messages of a first contact have no time of arrival: there
 * it is the `priority` of the brokers.
 * @throws {Error} as `compileMergeChain` does
 */
export function compileDecider(chain: MergeChain, decoders: Decoders): Decider {
  const orders = ordersOf(chain, decoders);
  return (a, b) => {
    const decided =
      isDeletion(a) || isDeletion(b) ? undefined : orders.find(({ order }) => order(a, b) !== 0)?.name;
    return decided ?? (a.version.time === 0 && b.version.time === 0 ? 'priority' : 'arrival');
  };
}

/** Of each comparator of the chain but `arrival`, which stands at the end, and there only. */
function ordersOf(chain: MergeChain, decoders: Decoders): { name: string; order: MessageOrder }[] {
  const readers = new Map<Format, Reader>();
  for (const comparator of chain) {
    if ('path' in comparator && !readers.has(comparator.by)) {
      readers.set(comparator.by, readerOf(comparator.by, chain, decoders));
    }
  }
  return chain
    .filter(({ by }) => by !== 'arrival')
    .map(comparator => ({
      name: formatMergeChain([comparator]),
      order: orderOf(comparator, readers),
    }));
}

function orderOf(comparator: Comparator, readers: ReadonlyMap<Format, Reader>): MessageOrder {
  switch (comparator.by) {
    case 'arrival':
      return (a, b) => compareVersions(a.version, b.version);
    case 'bytes':
      return (a, b) => (a.payload < b.payload ? -1 : a.payload > b.payload ? 1 : 0);
    case 'property': {
      const { name } = comparator;
      return (a, b) => compareValues(propertyOf(a, name), propertyOf(b, name));
    }
    default: {
      const { path } = comparator;
      const read = readers.get(comparator.by);
      if (read === undefined) throw new Error(`no reader of ${comparator.by}`);
      return (a, b) => compareValues(read(a.payload).get(path), read(b.payload).get(path));
    }
  }
}

/** The values of a payload at all paths that the chain asks for; one that is lacking is left out. */
type Reader = (payload: Bytes) => ReadonlyMap<readonly string[], Value>;

/** Keeps values rather than decoded payloads, which may be large. */
function readerOf(format: Format, chain: MergeChain, decoders: Decoders): Reader {
  const decode = decoders[format];
  if (decode === undefined) throw new Error(`a merge chain needs the decoder of ${format}`);
  const paths = chain.flatMap(comparator =>
    'path' in comparator && comparator.by === format ? [comparator.path] : [],
  );
  const recent = new LruCache<ReadonlyMap<readonly string[], Value>>();
  const read: Reader = payload => {
    const decoded = attempt(decode, payload);
    return new Map(paths.map(path => [path, valueFrom(follow(decoded, path))]));
  };
  return payload => (payload.length > MAX_DECODED_BYTES ? NO_VALUES : recent.of(payload, read));
}

const NO_VALUES: ReadonlyMap<readonly string[], Value> = new Map();

/** Whatever a decoder throws, an overflow of the stack by deep nesting among it, means an unreadable payload. */
function attempt(decode: Decode, payload: Bytes): unknown {
  try {
    return decode(payload);
  } catch {
    return undefined;
  }
}

/** Of a property that is given several times, the last. `lib/protocol/properties.ts` makes the text. */
function propertyOf({ properties }: Message, name: string): Value {
  if (properties === undefined || properties === '') return undefined;
  const user: unknown = follow(attempt(JSON.parse, properties), ['4']);
  if (!Array.isArray(user)) return undefined;
  const pair: unknown = user.findLast(entry => follow(entry, ['0']) === name);
  const text = follow(pair, ['1']);
  return typeof text === 'string' ? valueFromText(text) : undefined;
}
