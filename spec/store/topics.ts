/** Registers for specs of the store, given and random ones. */

import fc from 'fast-check';
import { MAX_STRING_BYTES, type Payload } from '../../lib/core/payload.ts';
import { emptyRegister, type Held, type Message, type Register } from '../../lib/core/register.ts';
import { unretainedAt } from '../../lib/core/retain-inference.ts';
import { payloadFrom } from '../../lib/protocol/payload.ts';
import type { Changes, StateStore, StoredTopic } from '../../lib/store/state-store.ts';

export function message(payload: Payload, origin = 0): Message {
  const version = { time: 1_700_000_000_000, counter: 7, replica: 'r1' };
  return {
    payload,
    properties: '',
    version,
    origin,
    messageExpiresAt: Number.POSITIVE_INFINITY,
    ttlExpiresAt: Number.POSITIVE_INFINITY,
  };
}

/** A topic whose winner every broker holds. */
export function settledTopic(payload: Payload, brokers = 2): StoredTopic {
  const winner = message(payload);
  const register = { ...emptyRegister(brokers), winner, held: new Array<Held>(brokers).fill(winner) };
  return { register, seenAt: new Array<number>(brokers).fill(3) };
}

/** A large payload, of which there are so few that topics share them. */
export function largePayload(number: number): Payload {
  return payloadFrom(Buffer.alloc(MAX_STRING_BYTES + 1, number));
}

const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code)) });

const version = fc.record({
  time: fc.nat(),
  counter: fc.nat(),
  replica: fc.string({ maxLength: 10, unit: 'grapheme' }),
});

function messages(brokers: number): fc.Arbitrary<Message> {
  return fc.record({
    payload: fc.oneof({ weight: 5, arbitrary: bytes }, fc.nat(5).map(largePayload)),
    properties: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
    version,
    origin: fc.integer({ min: -1, max: brokers - 1 }),
    messageExpiresAt: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat()),
    ttlExpiresAt: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat()),
  });
}

export function arbitraryTopic(brokers: number): fc.Arbitrary<StoredTopic> {
  const held = fc.oneof<fc.Arbitrary<Held>[]>(
    fc.constant('unknown'),
    fc.constant('absent'),
    messages(brokers),
  );
  const register: fc.Arbitrary<Register> = fc.record({
    winner: fc.option(messages(brokers), { nil: undefined }),
    tombstone: fc.option(version, { nil: undefined }),
    transient: fc.constant(undefined),
    held: fc.array(held, { minLength: brokers, maxLength: brokers }),
    pending: fc.array(
      fc.record({
        broker: fc.nat({ max: brokers - 1 }),
        retained: fc.constant(true),
        message: messages(brokers),
      }),
      { maxLength: 4 },
    ),
    probes: fc.constant([]),
    inference: fc.nat({ max: 2 ** brokers - 1 }).map(unretainedAt),
  });
  return fc.record({ register, seenAt: fc.array(fc.nat(), { minLength: brokers, maxLength: brokers }) });
}

/** All topics of a store, as the reconciler has them in memory. */
const topicsOf = new WeakMap<StateStore, Map<string, StoredTopic>>();

export function commit(
  store: StateStore,
  topics: Iterable<[string, StoredTopic | undefined]>,
  facts?: Iterable<[string, string]>,
): Promise<void> {
  const all = topicsOf.get(store) ?? new Map<string, StoredTopic>();
  topicsOf.set(store, all);
  const changed = new Map(topics);
  for (const [topic, stored] of changed) {
    if (stored === undefined) all.delete(topic);
    else all.set(topic, stored);
  }
  const changes: Changes = { topics: changed, metadata: facts && new Map(facts), all };
  return new Promise((resolve, reject) => {
    store.commit(changes, error => (error === undefined ? resolve() : reject(error)));
  });
}
