/**
 * Probes that a broker has not answered. One at a time is under way for a topic; where it is to be asked again
 * meanwhile, the answer under way is void, and the topic is asked for once more.
 *
 * Looks wait for each other, at a slow broker for long. One for whose answer something comes to wait is hastened: from
 * then on it is a urgent.
 */

import type { ProbePriority } from '../../core/events.ts';

/** Topics that the broker is to be asked for, and those asked for as looks that are questions now. */
interface Unsent extends Readonly<Record<ProbePriority, Set<string>>> {
  readonly promoted: Set<string>;
}

export class ProbeQueue {
  /** Why a topic is to be asked for once more; undefined where the answer under way will do. */
  readonly #open = new Map<string, ProbePriority | undefined>();
  /** Those that may wait for others. */
  readonly #background = new Set<string>();
  #unsent = nothing();

  /** Whether an answer is outstanding. */
  get areOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Whether there is anything to be told to the broker's worker. */
  get areUnsent(): boolean {
    return Object.values(this.#unsent).some(topics => topics.size > 0);
  }

  /** Asks, or asks again, so that the answer tells what is so from now on. */
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

  /** The topic waits for no looks any more, if it is being asked for. */
  promote(topic: string): void {
    if (!this.#background.delete(topic)) return;
    const { background, urgent, promoted } = this.#unsent;
    if (background.delete(topic)) urgent.add(topic);
    else promoted.add(topic);
  }

  /** Takes note of an answer; returns whether it counts. */
  answered(topic: string): boolean {
    const again = this.#open.get(topic);
    this.#open.delete(topic);
    this.#background.delete(topic);
    this.#unsent.promoted.delete(topic);
    if (again !== undefined) this.ask(topic, again);
    return again === undefined;
  }

  /** Takes out what is to be told to the broker's worker. */
  takeUnsent(): Unsent {
    const unsent = this.#unsent;
    this.#unsent = nothing();
    return unsent;
  }

  /** The connection is gone. Returns the topics of which the probes will not be answered. */
  parted(): string[] {
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

function nothing(): Unsent {
  return { urgent: new Set(), background: new Set(), promoted: new Set() };
}
