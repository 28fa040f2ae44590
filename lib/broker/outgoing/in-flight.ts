/** The publishes of one connection that are not completed yet, and those that were completed just before. */

import type { QoS } from '../../core/policy.ts';
import type { Sent } from './hangups.ts';
import { PubackWatchdog, type UnacknowledgedPublish } from './puback-watchdog.ts';
import { RecentlyAcknowledged } from './recently-acknowledged.ts';

export interface InFlightPublish extends Sent, UnacknowledgedPublish {}

export interface InFlightDeps {
  /** Whether bytes wait to be written to the network. */
  readonly isWriting: () => boolean;
  /** The broker does not acknowledge these topics, and will not on this connection. */
  readonly overdue: (topics: readonly string[]) => void;
}

export class InFlight {
  /** By their numbers. */
  readonly #publishes = new Map<number, InFlightPublish>();
  readonly #recentlyAcknowledged = new RecentlyAcknowledged();
  readonly #watchdog: PubackWatchdog<InFlightPublish>;

  constructor({ isWriting, overdue }: InFlightDeps) {
    this.#watchdog = new PubackWatchdog({
      unacknowledged: () => this.#publishes.values(),
      isWriting,
      overdue: sent => overdue(sent.map(({ topic }) => topic)),
    });
  }

  get size(): number {
    return this.#publishes.size;
  }

  /** A publish goes out. */
  add(sequence: number, topic: string, qos: QoS, size: number): void {
    const nth = this.#watchdog.sent();
    this.#publishes.set(sequence, { topic, size: qos === 0 ? 0 : size, qos, nth });
  }

  /** A publication is completed without being sent. It has no place in the order of sending. */
  addUnsent(sequence: number, topic: string): void {
    this.#publishes.set(sequence, { topic, size: 0, qos: 0, nth: 0 });
  }

  /** Removes the publish, which is completed now. Returns undefined if it was completed before. */
  complete(sequence: number): InFlightPublish | undefined {
    const publish = this.#publishes.get(sequence);
    if (publish === undefined) return undefined;
    this.#publishes.delete(sequence);
    this.#watchdog.acknowledged(publish);
    if (wasSent(publish)) this.#recentlyAcknowledged.note(publish, performance.now());
    return publish;
  }

  /** Incomplete publishes, and those that were completed just before. */
  get recent(): readonly Sent[] {
    return [...this.#publishes.values(), ...this.#recentlyAcknowledged.within(performance.now())];
  }

  /** The first positive number; Infinity where there is none. */
  get first(): number {
    for (const sequence of this.#publishes.keys()) if (sequence > 0) return sequence;
    return Number.POSITIVE_INFINITY;
  }

  close(): void {
    this.#watchdog.close();
  }
}

export function wasSent({ nth }: InFlightPublish): boolean {
  return nth > 0;
}
