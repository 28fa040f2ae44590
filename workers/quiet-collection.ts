/**
 * Collects a thread's garbage when it has become quiet.
 *
 * V8 collects the old generation when it has grown by a multiple, whoever else wants the memory: after a first contact of
 * a million topics three quarters of what the reconciler's heap took was garbage, and where nothing more comes it is kept for ever.
 */

import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds between two looks. */
const PERIOD = 10_000;

/** A thread that was busy for less of the time since the last look is quiet. */
const QUIET = 0.1;

/** What may be garbage is worth a collection from here on: a part of what was left by the last one, and bytes. */
const WORTHWHILE = { part: 0.5, bytes: 8 * 2 ** 20 };

export interface Thread {
  /** Bytes in its heap. */
  used(): number;
  /** The part of the time since the last call that it was busy. */
  busy(): number;
  collect(): void;
}

export class QuietCollection {
  readonly #thread: Thread;
  /** Bytes that the last collection has left. */
  #left: number;

  constructor(thread: Thread) {
    this.#thread = thread;
    this.#left = thread.used();
  }

  check(): void {
    const isQuiet = this.#thread.busy() < QUIET;
    if (!isQuiet || this.#thread.used() < this.#left * (1 + WORTHWHILE.part) + WORTHWHILE.bytes) return;
    this.#thread.collect();
    this.#left = this.#thread.used();
  }
}

/** For the thread that this is called in, until the function is called that it returns. */
export function collectWhenQuiet(): () => void {
  const collection = new QuietCollection(thisThread());
  const timer = setInterval(() => collection.check(), PERIOD).unref();
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
 * By V8's own function, which Node hides unless it was started with --expose-gc. Measured: only the second collection
 * gives back what the first one has freed.
 */
function collect(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc(); gc()');
}
