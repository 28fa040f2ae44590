/** The limits of the core, as numbers. Other specs use them by name, so they would not notice that one changed. */

import { expect } from 'chai';
import {
  RETENTION_TIMES_WHEN_FULL,
  TOMBSTONE_RETENTION_MS,
  UNRETAINED_RETENTION_MS,
} from '../../lib/core/forgetting.ts';
import { SINGLE_LINES } from '../../lib/core/log-digest.ts';
import { MAX_COMPARATORS } from '../../lib/core/merge-chain.ts';
import { MAX_DECODED_BYTES } from '../../lib/core/merge-order.ts';
import { MAX_PATH_KEYS } from '../../lib/core/merge-path.ts';
import { NOBODY } from '../../lib/core/message.ts';
import { ALL_BROKERS, DEFAULT_QOS, has, MAX_BROKERS } from '../../lib/core/policy.ts';
import { SHOWN_CHARACTERS } from '../../lib/core/printable.ts';
import { MAX_PENDING, MAX_TRANSIENT_AGE_MS } from '../../lib/core/register.ts';
import { MAX_COUNTER, RANKS_PER_PRIORITY } from '../../lib/core/version.ts';

const MINUTE = 60_000;

describe('The core', () => {
  const limits: readonly (readonly [what: string, limit: number, expected: number])[] = [
    ['takes 30 brokers, so that a set of them is a small integer', MAX_BROKERS, 30],
    ['publishes with QoS 1 if no filter sets one', DEFAULT_QOS, 1],
    ['has at most 32 publishes of a topic pending at a broker', MAX_PENDING, 32],
    ['passes a transient message on for a minute', MAX_TRANSIENT_AGE_MS, MINUTE],
    ['remembers a deletion for an hour', TOMBSTONE_RETENTION_MS, 60 * MINUTE],
    ['remembers a deletion for half a minute without room', RETENTION_TIMES_WHEN_FULL.deletion, 30_000],
    ['remembers for five minutes that a topic is not retained', UNRETAINED_RETENTION_MS, 5 * MINUTE],
    ['decodes payloads of up to 256 KiB', MAX_DECODED_BYTES, 256 * 1024],
    ['takes chains of up to 16 comparators', MAX_COMPARATORS, 16],
    ['takes paths of up to 32 keys', MAX_PATH_KEYS, 32],
    ['counts the writes of a millisecond with 32 bits', MAX_COUNTER, 2 ** 32 - 1],
    ['has 32 ranks for each priority of a broker, and stores them', RANKS_PER_PRIORITY, 32],
    ['shows 200 characters of a text from the network', SHOWN_CHARACTERS, 200],
    ['logs five lines of a kind one by one', SINGLE_LINES, 5],
    ['takes no broker for the origin of its own writes', NOBODY, -1],
  ];
  for (const [what, limit, expected] of limits) {
    it(what, () => {
      expect(limit).to.equal(expected);
    });
  }

  it('has a set of all brokers, and of no other', () => {
    const brokers = Array.from({ length: 31 }, (_, broker) => has(ALL_BROKERS, broker));
    expect(brokers).to.deep.equal([...new Array<boolean>(30).fill(true), false]);
  });
});
