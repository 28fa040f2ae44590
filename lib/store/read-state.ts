/** From a log of commits to the state that they left: forward through all heads, and back through all topics. */

import { CommitReader } from './commit-record.ts';
import type { FrameLog } from './frame-log.ts';
import type { Recalled } from './state-store.ts';
import { DamagedStoreError, reasonOf } from './store-errors.ts';
import type { BrokerMapping } from './topic-record.ts';

/** A body in the log, and which brokers it knows. */
interface Place {
  readonly at: number;
  readonly length: number;
  readonly brokers: BrokerMapping;
}

/**
 * @param names of the configured brokers, in the order of their indexes
 * @param recalled called once, when the first commit is read
 * @throws DamagedStoreError
 */
export async function readState(
  log: FrameLog,
  names: readonly string[],
  recalled: Recalled,
): Promise<CommitReader> {
  const reader = new CommitReader(names);
  const places: Place[] = [];
  for await (const commit of log.commits()) {
    const isFirst = places.length === 0;
    for (const { at, body } of commit) {
      const brokers = understood(log, () => reader.readHead(body));
      places.push({ at, length: body.length, brokers });
    }
    if (isFirst) recalled(reader.state.facts);
  }
  for (const { at, length, brokers } of places.reverse()) {
    const body = await log.body(at, length);
    understood(log, () => reader.readTopics(body, brokers));
  }
  return reader;
}

function understood<T>({ path }: FrameLog, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new DamagedStoreError(path, reasonOf(error));
  }
}
