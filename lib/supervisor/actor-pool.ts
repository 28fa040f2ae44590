/**
 * The threads: one Piscina worker for each actor.
 *
 * Piscina is made for short tasks; an actor is a task that ends when it is told to. No two actors share a thread. A thread
 * without an actor ends after a while, unless the next actor takes it. An error that an actor throws rejects its task.
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

/** A thread without an actor waits so long for an actor that is restarted. */
const IDLE_THREAD_TIMEOUT_MS = 30_000;

export interface Running {
  /** Resolves when the actor has ended as told; rejects with its error, or when its thread ends. */
  readonly ended: Promise<void>;
  /** Ends its thread, busy or not. */
  readonly kill: () => void;
}

export class ActorPool {
  readonly #pool: Piscina;
  readonly #running = new Set<AbortController>();

  constructor() {
    this.#pool = new Piscina({
      // A thread is started when an actor needs one.
      minThreads: 0,
      maxThreads: MAX_BROKERS + 2,
      concurrentTasksPerWorker: 1,
      idleTimeout: IDLE_THREAD_TIMEOUT_MS,
      // A small young generation takes 60 MB less for three idle brokers, and little more CPU under load (measured).
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
      // Piscina would wait for tasks by Atomics, which blocks the event loop that actors need.
      atomics: 'disabled',
    });
    // An error outside of a task also rejects the task. Without a listener the error would end the process.
    this.#pool.on('error', () => undefined);
  }

  /** Runs an actor in a thread of its own. */
  run(task: ActorTask): Running {
    const killer = new AbortController();
    this.#running.add(killer);
    const ended = this.#pool
      .run(task, { filename: FILES[task.actor], transferList: portsOf(task), signal: killer.signal })
      .finally(() => this.#running.delete(killer));
    return { ended, kill: () => killer.abort() };
  }

  /** Ends all threads, busy or not. */
  async destroy(): Promise<void> {
    for (const killer of [...this.#running]) killer.abort();
    await this.#pool.destroy();
  }
}

function portsOf(task: ActorTask): MessagePort[] {
  return task.actor === 'broker'
    ? [task.control, task.reconciler]
    : [task.control, ...task.brokers.map(({ port }) => port)];
}
