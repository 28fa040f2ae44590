/**
 * Collects the garbage of a thread when the thread is idle.
 *
 * V8 collects the old generation only when it has grown by a multiple. After a first contact of a million topics, three
 * quarters of the reconciler's heap were garbage (measured). Without further messages that memory is never released.
 */

import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const CHECK_PERIOD_MS = 10_000;

/** A thread is idle if it was busy for a smaller part of the time since the last check. */
const IDLE_UTILIZATION = 0.1;

/** A collection is worthwhile if the heap has grown since the last one by this part of its size plus these bytes. */
const WORTHWHILE_GROWTH = { part: 0.5, bytes: 8 * 2 ** 20 };

export interface Thread {
  /** Bytes used in its heap. */
  used(): number;
  /** The part of the time since the last call in which it was busy, 0 to 1. */
  busy(): number;
  collect(): void;
}

export class IdleCollection {
  readonly #thread: Thread;
  /** Bytes that were used after the last collection. */
  #usedAfterCollection: number;

  constructor(thread: Thread) {
    this.#thread = thread;
    this.#usedAfterCollection = thread.used();
  }

  check(): void {
    const isIdle = this.#thread.busy() < IDLE_UTILIZATION;
    if (
      !isIdle ||
      this.#thread.used() < this.#usedAfterCollection * (1 + WORTHWHILE_GROWTH.part) + WORTHWHILE_GROWTH.bytes
    )
      return;
    this.#thread.collect();
    this.#usedAfterCollection = this.#thread.used();
  }
}

/** Starts to collect in the calling thread. Returns a function that stops it. */
export function collectWhenIdle(): () => void {
  const collection = new IdleCollection(thisThread());
  const timer = setInterval(() => collection.check(), CHECK_PERIOD_MS).unref();
  return () => clearInterval(timer);
}

function thisThread(): Thread {
  let last = performance.eventLoopUtilization();
  return {
    used: () => getHeapStatistics().used_heap_size,
    busy: () => {
      const before = last;
      last = performance.eventLoopUtilization();
      return performance.eventLoopUtilization(last, before).utilization;
    },
    collect,
  };
}

/**
 * V8 has a function for it, which Node.js hides unless it is started with --expose-gc. Only the second collection returns the
 * memory that the first one has freed (measured).
 */
function collect(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc(); gc()');
}
