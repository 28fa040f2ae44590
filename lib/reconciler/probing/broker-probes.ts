/** The probes of one broker: those in flight, the scan round that judges absences together, and retries of unanswered ones. */

import type { ProbePriority } from '../../core/events.ts';
import { ProbeQueue, type UnsentProbes } from './probe-queue.ts';
import { ProbeRetries } from './probe-retries.ts';
import { ScanRound } from './scan-round.ts';

export class BrokerProbes {
  readonly round = new ScanRound();
  readonly retries = new ProbeRetries();
  readonly #queue = new ProbeQueue();

  /** Probes the topic; a probe that is in flight already becomes stale. */
  ask(topic: string, priority: ProbePriority): void {
    this.#queue.ask(topic, priority);
  }

  /** Something waits for the answer: a background probe of the topic becomes urgent. */
  promote(topic: string): void {
    this.#queue.promote(topic);
  }

  /** The broker has answered. Returns whether the answer counts. */
  answered(topic: string): boolean {
    return this.#queue.answered(topic);
  }

  /** Some answer is outstanding. */
  get areOpen(): boolean {
    return this.#queue.areOpen;
  }

  /** Some probe has not been sent to the worker yet. */
  get areUnsent(): boolean {
    return this.#queue.areUnsent;
  }

  /** Takes out what is to be sent to the worker. */
  takeUnsent(): UnsentProbes {
    return this.#queue.takeUnsent();
  }

  /** The connection is gone. Returns the topics whose probes will not be answered. */
  disconnected(): string[] {
    this.retries.clear();
    return [...this.round.abort(), ...this.#queue.disconnected()];
  }
}
