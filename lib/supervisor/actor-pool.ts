/**
 * The threads: one Piscina worker for each actor, for as long as the actor lives.
 *
 * Piscina is made for short tasks; an actor is one that ends when it is told to. So there are as many
 * threads as actors and none is shared; one that an actor has left ends soon, unless the next one takes it. What
 * an actor throws rejects its task.
 */

import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { MAX_BROKERS } from '../core/policy.ts';
import type { BrokerTask, ReconcilerTask } from '../protocol/settings.ts';

export type ActorTask = BrokerTask | ReconcilerTask;

const FILES = {
  broker: new URL('../../workers/broker.js', import.meta.url).href,
  reconciler: new URL('../../workers/reconciler.js', import.meta.url).href,
} as const;

/** Milliseconds that a thread without an actor is kept, for the one that is started again. */
const IDLE_LIMIT = 30_000;

export interface Running {
  /** Resolves when the actor ended as told; rejects with what it threw, or when its thread ended. */
  readonly ended: Promise<void>;
  /** Ends its thread, whatever it does. */
  readonly kill: () => void;
}

export class ActorPool {
  readonly #pool: Piscina;
  readonly #running = new Set<AbortController>();

  constructor() {
    this.#pool = new Piscina({
      // Each actor gets a thread as it comes.
      minThreads: 0,
      maxThreads: MAX_BROKERS + 1,
      concurrentTasksPerWorker: 1,
      idleTimeout: IDLE_LIMIT,
      // A small young generation: measured, 60 MB less for three brokers at rest, and little more CPU under load.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
      // Actors live on their event loop; waiting for tasks by Atomics would block it.
      atomics: 'disabled',
    });
    // What a thread throws outside of a task rejects its task as well; without a listener it would end the process.
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

  /** Ends all threads, be they busy or not. */
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
