/**
 * The actors: each runs in a thread, and is started again when it crashes, as long as it is wanted. One that crashes too
 * often is given up, or parked: the others go on.
 */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Log, Report } from '../protocol/messages.ts';
import { ActorPool, type ActorTask } from './actor-pool.ts';
import { PARKED_MS, RestartPolicy } from './restart-policy.ts';

/** One actor that runs: its control port, and the end of its task. */
export interface Actor<Control> {
  readonly tell: (message: Control, transfer?: readonly MessagePort[]) => void;
  readonly ended: Promise<void>;
  readonly kill: () => void;
}

export interface Role {
  readonly name: string;
  readonly task: (control: MessagePort) => ActorTask;
  readonly reported: (report: Report) => void;
  readonly isWanted: () => boolean;
  /** It crashed, and its time has come. */
  readonly restart: () => void;
  /** It has crashed too often, and rests before its restart. Absent where nothing works without it. */
  readonly parked?: (reason: string) => void;
}

export interface ActorsDeps {
  readonly log: Log;
  /** Told when there were too many crashes of an actor without which nothing works. */
  readonly giveUp: (reason: string) => void;
}

export class Actors {
  readonly #deps: ActorsDeps;
  readonly #pool = new ActorPool();
  /** By the name of the actor. */
  readonly #restarts = new Map<string, RestartPolicy>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #areLast = false;

  constructor(deps: ActorsDeps) {
    this.#deps = deps;
  }

  run<Control>(role: Role): Actor<Control> {
    const { port1, port2 } = new MessageChannel();
    // The port closes with its other end, after what the actor said last.
    port1.on('message', role.reported);
    const { ended, kill } = this.#pool.run(role.task(port2));
    ended.catch((error: Error) => this.#crashed(role, error));
    return { tell: (message, transfer) => port1.postMessage(message, transfer), ended, kill };
  }

  /** None is started again from now on. */
  restartNone(): void {
    this.#areLast = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Ends all threads, be they busy or not. */
  destroy(): Promise<void> {
    return this.#pool.destroy();
  }

  #crashed(role: Role, error: Error): void {
    const { name, isWanted } = role;
    if (this.#areLast || !isWanted()) return;
    const policy = this.#restarts.get(name) ?? new RestartPolicy();
    this.#restarts.set(name, policy);
    const wait = policy.crashed(Date.now(), Math.random());
    if (wait === 'give up') {
      this.#crashedTooOften(role, policy, error);
      return;
    }
    this.#deps.log(
      'error',
      `${name} crashed and is started again in ${wait} ms: ${error.stack ?? error.message}`,
    );
    this.#restartLater(role, wait);
  }

  #crashedTooOften(role: Role, policy: RestartPolicy, error: Error): void {
    const { name, parked } = role;
    if (parked === undefined) {
      this.#deps.giveUp(`too many crashes of ${name} within a minute, the last one: ${error.message}`);
      return;
    }
    const reason = `too many crashes within a minute, the last one: ${error.message}`;
    this.#deps.log(
      'error',
      `${name} is parked: ${reason}; it is started again in ${PARKED_MS / 60_000} min, the other brokers go on`,
    );
    policy.forgive();
    parked(reason);
    this.#restartLater(role, PARKED_MS);
  }

  #restartLater({ isWanted, restart }: Role, wait: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#areLast && isWanted()) restart();
    }, wait);
    this.#timers.add(timer);
  }
}
