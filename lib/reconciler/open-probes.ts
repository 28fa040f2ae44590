/**
 * Probes that a broker has not answered. One at a time is under way for a topic; where it is to be asked again
 * meanwhile, the answer under way is void, and the topic is asked for once more.
 */

export class OpenProbes {
  readonly #open = new Map<string, 'asked' | 'ask again'>();
  #unsent: string[] = [];

  /** Whether there are topics that the broker has not been asked for yet. */
  get areUnsent(): boolean {
    return this.#unsent.length > 0;
  }

  /** Asks, or asks again, so that the answer tells what is so from now on. */
  ask(topic: string): void {
    const isUnderWay = this.#open.has(topic);
    this.#open.set(topic, isUnderWay ? 'ask again' : 'asked');
    if (!isUnderWay) this.#unsent.push(topic);
  }

  /** Takes note of an answer; returns whether it counts. */
  answered(topic: string): boolean {
    const isVoid = this.#open.get(topic) === 'ask again';
    this.#open.delete(topic);
    if (isVoid) this.ask(topic);
    return !isVoid;
  }

  /** Takes out the topics that the broker is to be asked for. */
  takeUnsent(): string[] {
    return this.#unsent.splice(0);
  }

  /** The connection is gone. Returns the topics of which the probes will not be answered. */
  parted(): string[] {
    const unanswered = [...this.#open.keys()];
    this.#open.clear();
    this.#unsent = [];
    return unanswered;
  }
}
