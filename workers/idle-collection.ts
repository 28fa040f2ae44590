/**
 * Collects the garbage of a thread when the thread is idle.
 *
 * V8 collects the old generation only when it has grown by a multiple. After a first contact of a million topics, three
 * quarters of the reconciler's heap were garbage (measured). Without further messages that memory is never released. After a start
 * a fifth of each heap is garbage (measured).
 */

import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const CHECK_PERIOD_MS = 10_000;

interface Pause {
  /** A thread pauses if it was busy for a smaller part of the time since the last check. */
  readonly utilization: number;
  /** A collection is worthwhile if the heap has grown since the last one by this part of its size plus these bytes. */
  readonly part: number;
  readonly bytes: number;
}

/** While some messages come, a collection delays them: only much garbage is worth that. Without messages, little is. */
const IDLE: Pause = { utilization: 0.1, part: 0.5, bytes: 8 * 2 ** 20 };
const QUIET: Pause = { utilization: 0.01, part: 0.1, bytes: 2 ** 20 };

export interface Thread {
  /** Bytes used in its heap. */
  used(): number;
  /** The part of the time since the last call in which it was busy, 0 to 1. */
  busy(): number;
  collect(): void;
}

export class IdleCollection {
  readonly #thread: Thread;
  /** Bytes that were used after the last collection; at first, what the start has left is garbage too. */
  #usedAfterCollection = 0;

  constructor(thread: Thread) {
    this.#thread = thread;
  }

  check(): void {
    const busy = this.#thread.busy();
    if (!this.#isWorthwhile(busy, IDLE) && !this.#isWorthwhile(busy, QUIET)) return;
    this.#thread.collect();
    this.#usedAfterCollection = this.#thread.used();
  }

  #isWorthwhile(busy: number, { utilization, part, bytes }: Pause): boolean {
    return busy < utilization && this.#thread.used() >= this.#usedAfterCollection * (1 + part) + bytes;
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

/** What is left moves together. Otherwise few pages become empty, and 2 MB a thread are not returned (measured). */
const COMPACTS = 'compact-on-every-full-gc';

/**
 * V8 has a function for it, which Node.js hides unless it is started with --expose-gc. Only the second collection returns the
 * memory that the first one has freed (measured). The flag for compacting holds for all threads while this one collects.
 */
function collect(): void {
  setFlagsFromString('--expose-gc');
  setFlagsFromString(`--${COMPACTS}`);
  runInNewContext('gc(); gc()');
  setFlagsFromString(`--no-${COMPACTS}`);
}
