/**
 * Damage done to a store's file, at random but from a seed, and what the store may make of it: say so, or
 * give back what one of the commits left, of which every later one was hit. Nothing else, and never a crash.
 */

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { MAX_STRING_BYTES } from '../../lib/core/payload.ts';
import { payloadFrom } from '../../lib/protocol/payload.ts';
import { DiskStore } from '../../lib/store/disk-store.ts';
import type { TopicEntry } from '../../lib/store/state-store.ts';
import { DamagedStoreError, UnknownStoreError } from '../../lib/store/store-errors.ts';
import { payloadText } from '../support/payload-text.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { commit, settledTopic } from './topics.ts';

const BROKERS = ['A', 'B'];

/** The contents of a store, and where each commit ends in its file. */
export interface Filled {
  readonly folder: string;
  readonly file: string;
  readonly ends: readonly number[];
  /** The topics and their payloads after each commit, as text. */
  readonly states: readonly string[];
}

export type Damage =
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'flipped'; readonly at: number; readonly bit: number }
  | { readonly kind: 'zeroed'; readonly at: number; readonly bytes: number }
  | { readonly kind: 'swapped'; readonly at: number; readonly with: number; readonly bytes: number };

/** Returns a store after so many commits, each of some new and some known topics. Two of them have large payloads. */
export async function fill(commits: number): Promise<Filled> {
  const folder = tempFolder('damage');
  const store = new DiskStore(folder, BROKERS);
  const ends: number[] = [];
  const states: string[] = [];
  const topics = new Map<string, string>();
  for (let number = 0; number < commits; number++) {
    for (let i = 0; i < 1 + (number % 7); i++)
      topics.set(`t${(number * 3 + i) % 40}`, `${number}`.repeat(50));
    topics.set(`large${number % 2}`, `${Math.floor(number / 16)}`.repeat(MAX_STRING_BYTES + 1));
    await commit(
      store,
      [...topics].map(([topic, payload]) => [topic, settledTopic(payloadFrom(Buffer.from(payload)))]),
      [['replica', 'r1']],
    );
    ends.push(readFileSync(join(folder, 'state-1.log')).length);
    states.push(JSON.stringify([...topics].sort()));
  }
  await store.close();
  return { folder, file: 'state-1.log', ends, states };
}

export function damages(size: number): fc.Arbitrary<Damage> {
  const at = fc.nat({ max: size - 1 });
  const bytes = fc.nat({ max: 5_000 }).map(more => more + 1);
  return fc.oneof(
    fc.record({ kind: fc.constant('cut' as const), at }),
    fc.record({ kind: fc.constant('flipped' as const), at, bit: fc.nat({ max: 7 }) }),
    fc.record({ kind: fc.constant('zeroed' as const), at, bytes }),
    fc.record({ kind: fc.constant('swapped' as const), at, with: at, bytes }),
  );
}

/** The damaged store reported the damage, or returned the state of this commit (by number). */
export type Verdict = 'damaged' | number;

/** @throws if the store returns a state of no commit, or loses a commit that was not damaged */
export async function judge(filled: Filled, damage: Damage): Promise<Verdict> {
  const before = readFileSync(join(filled.folder, filled.file));
  const after = damaged(before, damage);
  const folder = tempFolder('damaged');
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(filled.folder)) copyFileSync(join(filled.folder, name), join(folder, name));
  writeFileSync(join(folder, filled.file), after);
  const store = new DiskStore(folder, BROKERS);
  try {
    const { topics, metadata } = await store.load();
    const state = JSON.stringify(winnersOf(topics));
    const number = filled.states.indexOf(state);
    if (number < 0 || metadata.get('replica') !== 'r1')
      throw new Error('it gave back what was never committed');
    for (let lost = number + 1; lost < filled.ends.length; lost++) {
      const [start, end] = [filled.ends[lost - 1] ?? 0, filled.ends[lost] ?? 0];
      if (before.subarray(start, end).equals(after.subarray(start, end))) {
        throw new Error(`it lost the sound commit ${lost}, and went on with ${number}`);
      }
    }
    await goesOn(store, folder, state);
    return number;
  } catch (error) {
    // Damage to the beginning may look as if another version wrote it; then nothing is touched.
    if (error instanceof DamagedStoreError || error instanceof UnknownStoreError) return 'damaged';
    throw error;
  } finally {
    await store.close();
  }
}

/** A commit after the damage is in the store at the next start; what was lost is not. */
async function goesOn(store: DiskStore, folder: string, state: string): Promise<void> {
  await commit(store, [['next', settledTopic('1')]]);
  const again = new DiskStore(folder, BROKERS);
  const topics = winnersOf((await again.load()).topics);
  await again.close();
  const expected = [...JSON.parse(state), ['next', '1']].sort();
  if (JSON.stringify(topics) !== JSON.stringify(expected)) throw new Error('the next commit was lost');
}

/** The payloads as text, by topic. */
function winnersOf(topics: Iterable<TopicEntry>): (readonly [topic: string, payload: string])[] {
  return [...topics]
    .map(([topic, { register }]) => [topic, payloadText(register.winner?.payload ?? '')] as const)
    .sort();
}

function damaged(before: Buffer, damage: Damage): Buffer {
  const after = Buffer.from(before);
  const { at } = damage;
  switch (damage.kind) {
    case 'cut':
      return after.subarray(0, at);
    case 'flipped':
      after.writeUInt8(after.readUInt8(at) ^ (1 << damage.bit), at);
      return after;
    case 'zeroed':
      return after.fill(0, at, Math.min(at + damage.bytes, after.length));
    case 'swapped':
      before.copy(after, damage.with, at, at + damage.bytes);
      before.copy(after, at, damage.with, damage.with + damage.bytes);
      return after;
  }
}
