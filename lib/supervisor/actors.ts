/** The actors: each runs in a thread, and is started again when it crashes, as long as it is wanted. */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Log, Report } from '../protocol/messages.ts';
import { ActorPool, type ActorTask } from './actor-pool.ts';
import { RestartPolicy } from './restart-policy.ts';

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
}

export interface ActorsDeps {
  readonly log: Log;
  /** Told when there were too many crashes. */
  readonly giveUp: (reason: string) => void;
}

export class Actors {
  readonly #deps: ActorsDeps;
  readonly #pool = new ActorPool();
  readonly #restarts = new RestartPolicy();
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
  }

  /** Ends all threads, be they busy or not. */
  destroy(): Promise<void> {
    return this.#pool.destroy();
  }

  #crashed({ name, isWanted, restart }: Role, error: Error): void {
    if (this.#areLast || !isWanted()) return;
    const wait = this.#restarts.crashed(Date.now(), Math.random());
    if (wait === 'give up') {
      this.#deps.giveUp(`too many crashes within a minute, the last one of ${name}: ${error.message}`);
      return;
    }
    this.#deps.log(
      'error',
      `${name} crashed and is started again in ${wait} ms: ${error.stack ?? error.message}`,
    );
    setTimeout(() => {
      if (!this.#areLast && isWanted()) restart();
    }, wait);
  }
}
