/**
 * Opens the event log at the configured place: a folder of its own inside the store, or memory.
 *
 * The log must be durable before anything is acknowledged, so there is no replacement for a folder that cannot be used: it
 * is tried again until it can.
 */

import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { backoff } from '../core/backoff.ts';
import type { EventQueueSettings } from '../protocol/event-settings.ts';
import type { Log } from '../protocol/messages.ts';
import type { StorePlace } from '../protocol/settings.ts';
import { DISK } from '../store/disk.ts';
import type { Files } from '../store/files.ts';
import { MemoryFiles } from '../store/memory-files.ts';
import { lockWhenFree } from '../store/open-store.ts';
import { reasonOf, UnknownStoreError } from '../store/store-errors.ts';
import type { StoreLock } from '../store/store-lock.ts';
import { type OpenedEventLog, openEventLog } from './log/open-event-log.ts';

/** The folder of the event log inside the store. */
const EVENTS_FOLDER = 'events';

/** A queue in memory has no more bytes than these. */
const MEMORY_QUEUE_BYTES = 64 * 1024 * 1024;

const RETRIES = { first: 1_000, longest: 30_000 };

export interface OpenedEvents extends OpenedEventLog {
  readonly files: Files;
  readonly queue: EventQueueSettings;
  readonly lock: StoreLock | undefined;
}

/**
 * Returns undefined if it was aborted before the folder could be used.
 * @param names of the brokers, by index
 * @throws UnknownStoreError
 */
export async function openEvents(
  place: StorePlace,
  names: readonly string[],
  queue: EventQueueSettings,
  log: Log,
  signal: AbortSignal,
): Promise<OpenedEvents | undefined> {
  for (let retry = 0; !signal.aborted; retry++) {
    try {
      return await openOnce(place, names, queue, log);
    } catch (error) {
      if (error instanceof UnknownStoreError) throw error;
      const reason = reasonOf(error);
      log(
        'error',
        `the event log cannot be opened (${reason}): no event is taken in or delivered until it can`,
      );
      await delay(backoff(retry, RETRIES, 1), signal);
    }
  }
  return undefined;
}

/** The queue as the place permits it. */
export function boundedQueue(place: StorePlace, queue: EventQueueSettings): EventQueueSettings {
  return place.kind === 'memory' ? { ...queue, bytes: Math.min(queue.bytes, MEMORY_QUEUE_BYTES) } : queue;
}

async function openOnce(
  place: StorePlace,
  names: readonly string[],
  queue: EventQueueSettings,
  log: Log,
): Promise<OpenedEvents> {
  if (place.kind === 'memory') {
    const files = new MemoryFiles();
    const bounded = boundedQueue(place, queue);
    const opened = await openEventLog({ folder: EVENTS_FOLDER, files }, names, bounded.bytes, log);
    return { ...opened, files, queue: bounded, lock: undefined };
  }
  const folder = join(resolve(place.path), EVENTS_FOLDER);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await lockWhenFree(folder, log);
  try {
    return { ...(await openEventLog({ folder }, names, queue.bytes, log)), files: DISK, queue, lock };
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
