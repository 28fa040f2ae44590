/**
 * The actors of a run. Each has a thread, and is restarted after a crash as long as it is wanted. After too many crashes
 * the worker of a broker is parked, so that the others go on; without the reconciler the run gives up.
 */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Report } from '../protocol/control-messages.ts';
import type { Log } from '../protocol/messages.ts';
import { ActorPool, type ActorTask } from './actor-pool.ts';
import { PARKED_MS, RestartPolicy } from './restart-policy.ts';

/** An actor that runs. */
export interface Actor<Control> {
  readonly tell: (message: Control, transfer?: readonly MessagePort[]) => void;
  /** Settles when its task has ended. */
  readonly ended: Promise<void>;
  readonly kill: () => void;
}

export interface Role {
  readonly name: string;
  readonly task: (control: MessagePort) => ActorTask;
  readonly reported: (report: Report) => void;
  readonly isWanted: () => boolean;
  /** Called when the actor has crashed and its wait is over. */
  readonly restart: () => void;
  /** Called when the actor has crashed too often: it is restarted later. Left out if nothing works without the actor. */
  readonly parked?: (reason: string) => void;
}

export interface ActorsDeps {
  readonly log: Log;
  /** Called after too many crashes of an actor without which nothing works. */
  readonly giveUp: (reason: string) => void;
}

export class Actors {
  readonly #deps: ActorsDeps;
  readonly #pool = new ActorPool();
  /** By the name of the actor. */
  readonly #restarts = new Map<string, RestartPolicy>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #restartsNone = false;

  constructor(deps: ActorsDeps) {
    this.#deps = deps;
  }

  run<Control>(role: Role): Actor<Control> {
    const { port1, port2 } = new MessageChannel();
    // The actor closes its end of the channel. That closes this one too, after the last report.
    port1.on('message', role.reported);
    const { ended, kill } = this.#pool.run(role.task(port2));
    ended.catch((error: Error) => this.#crashed(role, error));
    return { tell: (message, transfer) => port1.postMessage(message, transfer), ended, kill };
  }

  /** From now on no actor is restarted. */
  restartNone(): void {
    this.#restartsNone = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Ends all threads, busy or not. */
  destroy(): Promise<void> {
    return this.#pool.destroy();
  }

  #crashed(role: Role, error: Error): void {
    const { name, isWanted } = role;
    if (this.#restartsNone || !isWanted()) return;
    const policy = this.#restarts.get(name) ?? new RestartPolicy();
    this.#restarts.set(name, policy);
    const wait = policy.crashed(Date.now(), Math.random());
    if (wait === 'give up') {
      this.#crashedTooOften(role, policy, error);
      return;
    }
    this.#deps.log('error', `${name} crashed; restarting it in ${wait} ms: ${error.stack ?? error.message}`);
    this.#restartLater(role, wait);
  }

  #crashedTooOften(role: Role, policy: RestartPolicy, error: Error): void {
    const { name, parked } = role;
    if (parked === undefined) {
      this.#deps.giveUp(`too many crashes of ${name} within a minute; the last one: ${error.message}`);
      return;
    }
    const reason = `too many crashes within a minute; the last one: ${error.message}`;
    this.#deps.log(
      'error',
      `${name} is parked: ${reason}; restarting it in ${PARKED_MS / 60_000} min, the other brokers go on`,
    );
    policy.forgetCrashes();
    parked(reason);
    this.#restartLater(role, PARKED_MS);
  }

  #restartLater({ isWanted, restart }: Role, wait: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#restartsNone && isWanted()) restart();
    }, wait);
    this.#timers.add(timer);
  }
}
