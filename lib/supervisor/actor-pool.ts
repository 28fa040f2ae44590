/**
 * The threads: one Piscina worker for each actor, for as long as the actor lives.
 *
 * Piscina is made for short tasks; an actor is one that ends when it is told to. So there are as many
 * threads as actors, none is ever idle or shared, and what an actor throws rejects its task.
 */

import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { BrokerTask, ReconcilerTask } from '../protocol/messages.ts';

export type ActorTask = BrokerTask | ReconcilerTask;

const FILES = {
  broker: new URL('../../workers/broker.js', import.meta.url).href,
  reconciler: new URL('../../workers/reconciler.js', import.meta.url).href,
} as const;

export class ActorPool {
  readonly #pool: Piscina;
  readonly #kill = new AbortController();

  constructor(actors: number) {
    this.#pool = new Piscina({
      minThreads: actors,
      maxThreads: actors,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // A small young generation: measured, 60 MB less for three brokers at rest, and little more CPU under load.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
      // Actors live on their event loop; waiting for tasks by Atomics would block it.
      atomics: 'disabled',
    });
    // What a thread throws outside of a task rejects its task as well; without a listener it would end the process.
    this.#pool.on('error', () => undefined);
  }

  /**
   * Runs an actor in a thread of its own. Resolves when it ended as told.
   * @throws what the actor threw, or that its thread ended
   */
  async run(task: ActorTask): Promise<void> {
    await this.#pool.run(task, {
      filename: FILES[task.actor],
      transferList: portsOf(task),
      signal: this.#kill.signal,
    });
  }

  /** Ends all threads, be they busy or not. */
  async destroy(): Promise<void> {
    this.#kill.abort();
    await this.#pool.destroy();
  }
}

function portsOf(task: ActorTask): MessagePort[] {
  return task.actor === 'broker'
    ? [task.control, task.reconciler]
    : [task.control, ...task.brokers.map(({ port }) => port)];
}
