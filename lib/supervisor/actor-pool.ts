/**
 * The threads: one Piscina worker for each actor.
 *
 * Piscina is made for short tasks; an actor is a task that ends when it is told to. No two actors share a thread. A thread
 * without an actor ends after a while, unless the next actor of its kind takes it. An error that an actor throws rejects its
 * task.
 */

import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { MAX_BROKERS } from '../core/policy.ts';
import type { EventTask } from '../protocol/event-settings.ts';
import type { BrokerTask, ReconcilerTask } from '../protocol/settings.ts';

export type ActorTask = BrokerTask | ReconcilerTask | EventTask;

const FILES = {
  broker: new URL('../../workers/broker.js', import.meta.url).href,
  reconciler: new URL('../../workers/reconciler.js', import.meta.url).href,
  events: new URL('../../workers/events.js', import.meta.url).href,
} as const;

/**
 * A small young generation takes 60 MB less for three idle brokers. In the thread of a broker it costs little more CPU under load
 * (measured). What the reconciler keeps of a topic lives until the echo: with 4 MB, most of that is copied to the old generation
 * although it is garbage soon. With 16 MB, collections stop the thread for half the time. When mqttrep is idle, the process takes
 * as much memory with both (docs/performance.md).
 *
 * What the event actor keeps is bounded: some 20 MB, and 5 MB more for each broker. With a limit V8 collects earlier: with one of
 * 192 MB, the heap grew to 47 MB instead of 78 in a flood of 200,000 events (measured).
 */
export const RESOURCE_LIMITS = {
  broker: { maxYoungGenerationSizeMb: 4 },
  reconciler: { maxYoungGenerationSizeMb: 16 },
  events: { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 },
} as const;

/** A thread without an actor waits so long for an actor that is restarted. */
const IDLE_THREAD_TIMEOUT_MS = 30_000;

export interface Running {
  /** Resolves when the actor has ended as told; rejects with its error, or when its thread ends. */
  readonly ended: Promise<void>;
  /** Ends its thread, busy or not. */
  readonly kill: () => void;
}

export class ActorPool {
  /** The limits of a thread are those of its pool. */
  readonly #pools = {
    broker: poolOf('broker', MAX_BROKERS),
    reconciler: poolOf('reconciler', 1),
    events: poolOf('events', 1),
  };
  readonly #running = new Set<AbortController>();

  /** Runs an actor in a thread of its own. */
  run(task: ActorTask): Running {
    const killer = new AbortController();
    this.#running.add(killer);
    const ended = this.#pools[task.actor]
      .run(task, { transferList: portsOf(task), signal: killer.signal })
      .finally(() => this.#running.delete(killer));
    return { ended, kill: () => killer.abort() };
  }

  /** Ends all threads, busy or not. */
  async destroy(): Promise<void> {
    for (const killer of [...this.#running]) killer.abort();
    await Promise.all(Object.values(this.#pools).map(pool => pool.destroy()));
  }
}

function poolOf(actor: ActorTask['actor'], maxThreads: number): Piscina {
  const pool = new Piscina({
    filename: FILES[actor],
    // A thread is started when an actor needs one.
    minThreads: 0,
    maxThreads,
    concurrentTasksPerWorker: 1,
    idleTimeout: IDLE_THREAD_TIMEOUT_MS,
    // Two histograms for each pool, of 360 KB each, that nobody reads.
    recordTiming: false,
    resourceLimits: RESOURCE_LIMITS[actor],
    // Piscina would wait for tasks by Atomics, which blocks the event loop that actors need.
    atomics: 'disabled',
  });
  // An error outside of a task also rejects the task. Without a listener the error would end the process.
  pool.on('error', () => undefined);
  return pool;
}

function portsOf(task: ActorTask): MessagePort[] {
  return task.actor === 'broker'
    ? [task.control, task.reconciler]
    : [task.control, ...task.brokers.map(({ port }) => port)];
}
