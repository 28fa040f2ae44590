/** The port to the worker of one broker: each message of the reconciler to the worker is a method. */

import type { ProbePriority } from '../../core/events.ts';
import type { FromBroker, Port, ToBroker } from '../../protocol/messages.ts';
import type { UnsentProbes } from '../probing/probe-queue.ts';
import type { Self } from './store-metadata.ts';

/** Topics in one `probe` message, or in one `promote-probes` message. */
const PROBE_BATCH_TOPICS = 500;

const PRIORITIES: readonly ProbePriority[] = ['urgent', 'background'];

export class WorkerPort {
  #port: Port<ToBroker, FromBroker> | undefined;

  /** Takes the port to a worker, in place of an earlier one. */
  attach(port: Port<ToBroker, FromBroker>, receive: (message: FromBroker) => void): void {
    this.#port?.close();
    this.#port = port;
    port.on('message', receive);
  }

  close(): void {
    this.#port?.close();
    this.#port = undefined;
  }

  /** Tells the worker under which identity it connects. */
  start({ replica, secret }: Pick<Self, 'replica' | 'secret'>, clientId: string): void {
    this.#post({ kind: 'start', replica, secret, clientId });
  }

  /** Gives credit for more batches of observations. */
  credit(batches: number): void {
    if (batches > 0) this.#post({ kind: 'credit', batches });
  }

  publish(session: number, batch: ArrayBuffer): void {
    this.#post({ kind: 'publications', session, batch }, [batch]);
  }

  /** All publications of the session have been sent. */
  publishingStopped(session: number): void {
    this.#post({ kind: 'publishing-stopped', session });
  }

  probe(session: number, probes: UnsentProbes): void {
    for (const priority of PRIORITIES) {
      for (const topics of inBatches(probes[priority]))
        this.#post({ kind: 'probe', session, priority, topics });
    }
    for (const topics of inBatches(probes.promoted)) this.#post({ kind: 'promote-probes', session, topics });
  }

  /** Has the worker find out whether mqttrep can read beneath these parents. */
  checkReadAccess(session: number, parents: readonly string[]): void {
    this.#post({ kind: 'check-read-access', session, parents });
  }

  /**
   * Has the broker show once more all that it retains.
   * @param isCut its replay was cut, and the rest has not been read
   * @param parents of topics that the broker may retain
   */
  startFullScan(session: number, isCut: boolean, parents: readonly string[]): void {
    this.#post({ kind: 'full-scan', session, isReplayIncomplete: isCut, parents });
  }

  /** Passes on the heartbeat of another broker. */
  heartbeat(from: string, sentAt: number): void {
    this.#post({ kind: 'heartbeat', from, sentAt });
  }

  #post(message: ToBroker, transfer: readonly ArrayBuffer[] = []): void {
    this.#port?.postMessage(message, transfer);
  }
}

function* inBatches(topics: Iterable<string>): Generator<string[]> {
  const left = [...topics];
  while (left.length > 0) yield left.splice(0, PROBE_BATCH_TOPICS);
}
