/** Reads the state from a log of commits: forward through all heads, then backward through all topics. */

import { CommitReader } from './commit-reader.ts';
import type { FrameLog } from './frame-log.ts';
import type { Recalled, StoredState, TopicEntry } from './state-store.ts';
import { reasonOf, UnknownStoreError } from './store-errors.ts';
import type { BrokerMapping } from './topic-record.ts';

/** A body in the log, and the brokers that its topics refer to. */
interface BodyPlace {
  readonly at: number;
  readonly length: number;
  readonly brokers: BrokerMapping;
}

/**
 * @param names the names of the configured brokers, by index
 * @param recalled called once, after the first commit has been read
 * @throws DamagedStoreError, UnknownStoreError
 */
export async function readState(
  log: FrameLog,
  names: readonly string[],
  recalled: Recalled,
): Promise<CommitReader> {
  const reader = new CommitReader(names);
  const places: BodyPlace[] = [];
  for await (const commit of log.commits()) {
    const isFirst = places.length === 0;
    for (const { at, body } of commit) {
      const brokers = understood(log, () => reader.readHead(body));
      places.push({ at, length: body.length, brokers });
    }
    if (isFirst) recalled(reader.state.metadata);
  }
  for (const { at, length, brokers } of places.reverse()) {
    const body = await log.body(at, length);
    understood(log, () => reader.readTopics(body, brokers));
  }
  return reader;
}

/** The same state. Topics are decoded while the caller iterates; a record that cannot be decoded is skipped and counted. */
export function understoodState(log: FrameLog, state: StoredState): StoredState {
  const { topics } = state;
  return { ...state, topics: { [Symbol.iterator]: () => understoodTopics(log, topics) } };
}

function* understoodTopics(log: FrameLog, topics: Iterable<TopicEntry>): Generator<TopicEntry> {
  const iterator = topics[Symbol.iterator]();
  for (;;) {
    const next = understood(log, () => iterator.next());
    if (next.done === true) return;
    yield next.value;
  }
}

/** The checksums are correct, so a content that cannot be understood was written by another version. */
function understood<T>({ path }: FrameLog, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UnknownStoreError(path, `another version of mqttrep wrote it (${reasonOf(error)})`);
  }
}
