/**
 * The order of messages by a merge chain.
 *
 * Invariant: among messages that are no deletions the order is total, for every chain and all payloads. It is antisymmetric and
 * transitive, and two messages are equal only if they are the same write. So all replicas choose the same winner, whatever the
 * order in which they see the messages. The order never throws on what a network can send: a payload that cannot be read, or
 * is too large, has no value.
 *
 * A deletion has no value to compare, so its version decides. With the chain `arrival` that is the same total order. With any
 * other chain the order is not transitive. Example: a deletion beats serial 5, which is older. Serial 3 is written later and
 * beats the deletion. Serial 5 beats serial 3. So the register remembers the last deletion (`tombstone`), and what is older never wins again.
 * Registers are ordered by the tombstone first and by the chain second, which is total again.
 */

import { LruCache } from './lru-cache.ts';
import { type Comparator, type Format, formatMergeChain, type MergeChain } from './merge-chain.ts';
import { follow } from './merge-path.ts';
import { compareValues, type Value, valueFrom, valueFromText } from './merge-value.ts';
import { isDeletion, type Message } from './message.ts';
import { comparePayloads, type Payload } from './payload.ts';
import { compareVersions, RANKS_PER_PRIORITY } from './version.ts';

/** Positive when `a` wins, negative when `b` wins, 0 when they are the same write. */
export type MessageOrder = (a: Message, b: Message) => number;

/** Decodes a payload. For a payload of another format it throws, or returns anything. */
export type Decode = (payload: Payload) => unknown;

export type Decoders = Readonly<Partial<Record<Format, Decode>>>;

/**
 * A payload of more bytes is not decoded, and has no value. A payload that was made for it can take a few hundred times its
 * length in memory once decoded.
 */
export const MAX_DECODED_BYTES = 256 * 1024;

/** @throws {Error} if a decoder that the chain needs is missing; `formatsOf` tells which ones it needs */
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
 * Tells which comparator decided in `compileMergeChain`. Messages of a first contact have no time of arrival: there the
 * `priority` of the brokers decides, and between brokers of one priority their `name`.
 * @throws {Error} as `compileMergeChain` does
 */
export function compileDecider(chain: MergeChain, decoders: Decoders): Decider {
  const orders = ordersOf(chain, decoders);
  return (a, b) => {
    const decided =
      isDeletion(a) || isDeletion(b) ? undefined : orders.find(({ order }) => order(a, b) !== 0)?.name;
    return decided ?? (a.version.time === 0 && b.version.time === 0 ? firstContactDecider(a, b) : 'arrival');
  };
}

function firstContactDecider(a: Message, b: Message): 'priority' | 'name' {
  const priority = ({ version }: Message) => Math.floor(version.counter / RANKS_PER_PRIORITY);
  return priority(a) === priority(b) ? 'name' : 'priority';
}

/** The order of each comparator of the chain but `arrival`, which comes last and nowhere else. */
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
      return (a, b) => comparePayloads(a.payload, b.payload);
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

/** The values of a payload at the paths of the chain. */
type Reader = (payload: Payload) => ReadonlyMap<readonly string[], Value>;

/** It caches values rather than decoded payloads, which may be large. */
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

/** Whatever a decoder throws means an unreadable payload, also a stack overflow by deep nesting. */
function attempt<T>(decode: (value: T) => unknown, value: T): unknown {
  try {
    return decode(value);
  } catch {
    return undefined;
  }
}

/** The last value of a user property. `lib/protocol/properties.ts` makes the text that is read here. */
function propertyOf({ properties }: Message, name: string): Value {
  if (properties === undefined || properties === '') return undefined;
  const user: unknown = follow(attempt(JSON.parse, properties), ['4']);
  if (!Array.isArray(user)) return undefined;
  const pair: unknown = user.findLast(entry => follow(entry, ['0']) === name);
  const text = follow(pair, ['1']);
  return typeof text === 'string' ? valueFromText(text) : undefined;
}
