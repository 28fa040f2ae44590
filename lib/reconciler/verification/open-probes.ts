/**
 * Probes that a broker has not answered. One at a time is under way for a topic; where it is to be asked again
 * meanwhile, the answer under way is void, and the topic is asked for once more.
 */

import type { Occasion } from '../../core/events.ts';

type Unsent = Record<Occasion, string[]>;

export class OpenProbes {
  /** Why a topic is to be asked for once more; undefined where the answer under way will do. */
  readonly #open = new Map<string, Occasion | undefined>();
  #unsent: Unsent = { question: [], look: [] };

  /** Whether there are topics that the broker has not been asked for yet. */
  get areUnsent(): boolean {
    return this.#unsent.question.length + this.#unsent.look.length > 0;
  }

  /** Asks, or asks again, so that the answer tells what is so from now on. */
  ask(topic: string, occasion: Occasion): void {
    if (this.#open.has(topic)) {
      const again = this.#open.get(topic);
      this.#open.set(topic, again === 'question' ? again : occasion);
      return;
    }
    this.#open.set(topic, undefined);
    this.#unsent[occasion].push(topic);
  }

  /** Takes note of an answer; returns whether it counts. */
  answered(topic: string): boolean {
    const again = this.#open.get(topic);
    this.#open.delete(topic);
    if (again !== undefined) this.ask(topic, again);
    return again === undefined;
  }

  /** Takes out the topics that the broker is to be asked for. */
  takeUnsent(): Unsent {
    const unsent = this.#unsent;
    this.#unsent = { question: [], look: [] };
    return unsent;
  }

  /** The connection is gone. Returns the topics of which the probes will not be answered. */
  parted(): string[] {
    const unanswered = [...this.#open.keys()];
    this.#open.clear();
    this.takeUnsent();
    return unanswered;
  }
}
