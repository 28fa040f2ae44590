/**
 * Probes that a broker has not answered. One probe of a topic is in flight at a time. If the topic is to be probed again
 * meanwhile, the answer in flight is stale, and the topic is probed once more.
 *
 * Background probes queue; at a slow broker the queue can be long. Urgent probes are served first. A background probe is
 * promoted as soon as something waits for its answer.
 */

import type { ProbePriority } from '../../core/events.ts';

/** Topics to be probed, and topics whose background probe is at the worker already and has become urgent. */
export interface UnsentProbes extends Readonly<Record<ProbePriority, Set<string>>> {
  readonly promoted: Set<string>;
}

export class ProbeQueue {
  /** The priority with which a topic is to be probed once more; undefined where the answer in flight counts. */
  readonly #open = new Map<string, ProbePriority | undefined>();
  /** Topics whose probe is a background probe. */
  readonly #background = new Set<string>();
  #unsent = noProbes();

  /** Some answer is outstanding. */
  get areOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Something is to be sent to the broker's worker. */
  get areUnsent(): boolean {
    return Object.values(this.#unsent).some(topics => topics.size > 0);
  }

  /** Probes the topic so that the answer is not older than this call. */
  ask(topic: string, priority: ProbePriority): void {
    if (!this.#open.has(topic)) {
      this.#open.set(topic, undefined);
      this.#unsent[priority].add(topic);
      if (priority === 'background') this.#background.add(topic);
      return;
    }
    if (!this.#isUnsent(topic)) {
      const again = this.#open.get(topic);
      this.#open.set(topic, again === 'urgent' ? again : priority);
    }
    if (priority === 'urgent') this.promote(topic);
  }

  /** A background probe of the topic, if there is one, becomes urgent. */
  promote(topic: string): void {
    if (!this.#background.delete(topic)) return;
    const { background, urgent, promoted } = this.#unsent;
    if (background.delete(topic)) urgent.add(topic);
    else promoted.add(topic);
  }

  /** The broker has answered. Returns whether the answer counts; a stale one does not. */
  answered(topic: string): boolean {
    const again = this.#open.get(topic);
    this.#open.delete(topic);
    this.#background.delete(topic);
    this.#unsent.promoted.delete(topic);
    if (again !== undefined) this.ask(topic, again);
    return again === undefined;
  }

  /** Takes out what is to be sent to the broker's worker. */
  takeUnsent(): UnsentProbes {
    const unsent = this.#unsent;
    this.#unsent = noProbes();
    return unsent;
  }

  /** The connection is gone. Returns the topics whose probes will not be answered. */
  disconnected(): string[] {
    const unanswered = [...this.#open.keys()];
    this.#open.clear();
    this.#background.clear();
    this.takeUnsent();
    return unanswered;
  }

  #isUnsent(topic: string): boolean {
    return this.#unsent.urgent.has(topic) || this.#unsent.background.has(topic);
  }
}

function noProbes(): UnsentProbes {
  return { urgent: new Set(), background: new Set(), promoted: new Set() };
}
