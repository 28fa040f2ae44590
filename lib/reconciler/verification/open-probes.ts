/**
 * Probes that a broker has not answered. One at a time is under way for a topic; where it is to be asked again
 * meanwhile, the answer under way is void, and the topic is asked for once more.
 *
 * Looks wait for each other, at a slow broker for long. One for whose answer something comes to wait is hastened: from
 * then on it is a question.
 */

import type { Occasion } from '../../core/events.ts';

/** Topics that the broker is to be asked for, and those asked for as looks that are questions now. */
interface Unsent extends Readonly<Record<Occasion, Set<string>>> {
  readonly hastened: Set<string>;
}

export class OpenProbes {
  /** Why a topic is to be asked for once more; undefined where the answer under way will do. */
  readonly #open = new Map<string, Occasion | undefined>();
  /** Those that may wait for others. */
  readonly #looks = new Set<string>();
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
  ask(topic: string, occasion: Occasion): void {
    if (!this.#open.has(topic)) {
      this.#open.set(topic, undefined);
      this.#unsent[occasion].add(topic);
      if (occasion === 'look') this.#looks.add(topic);
      return;
    }
    if (!this.#isUnsent(topic)) {
      const again = this.#open.get(topic);
      this.#open.set(topic, again === 'question' ? again : occasion);
    }
    if (occasion === 'question') this.hasten(topic);
  }

  /** The topic waits for no looks any more, if it is being asked for. */
  hasten(topic: string): void {
    if (!this.#looks.delete(topic)) return;
    const { look, question, hastened } = this.#unsent;
    if (look.delete(topic)) question.add(topic);
    else hastened.add(topic);
  }

  /** Takes note of an answer; returns whether it counts. */
  answered(topic: string): boolean {
    const again = this.#open.get(topic);
    this.#open.delete(topic);
    this.#looks.delete(topic);
    this.#unsent.hastened.delete(topic);
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
    this.#looks.clear();
    this.takeUnsent();
    return unanswered;
  }

  #isUnsent(topic: string): boolean {
    return this.#unsent.question.has(topic) || this.#unsent.look.has(topic);
  }
}

function nothing(): Unsent {
  return { question: new Set(), look: new Set(), hastened: new Set() };
}
