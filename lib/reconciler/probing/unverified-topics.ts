/**
 * Topics of one broker whose state there is in doubt.
 *
 * *Unheard*: a client may have deleted the topic unheard. mqttrep was away, could not read the topic, or the broker dropped
 * messages in a burst. *Unreadable*: the broker did not show the topic, and it is not proven that mqttrep can
 * read there; the topic counts as held until the broker shows something else.
 */

export class UnverifiedTopics {
  #unheard = new Set<string>();
  readonly #unreadable = new Set<string>();

  /** The broker has returned: a client may have deleted these topics there meanwhile. */
  returned(topics: Iterable<string>): void {
    this.#unheard = new Set(topics);
  }

  /** A client may have deleted the topic, and mqttrep did not hear it. */
  addUnheard(topic: string): void {
    this.#unheard.add(topic);
  }

  /** The topic was not shown, and mqttrep may lack the right to read it. Later deletions there are not heard either. */
  addUnreadable(topic: string): void {
    this.#unheard.add(topic);
    this.#unreadable.add(topic);
  }

  isUnheard(topic: string): boolean {
    return this.#unheard.has(topic);
  }

  get hasUnheard(): boolean {
    return this.#unheard.size > 0;
  }

  /** How many topics are unreadable. */
  get unreadable(): number {
    return this.#unreadable.size;
  }

  /** The broker has shown the topic, or it is known to be absent. */
  resolve(topic: string): void {
    if (this.#unheard.size > 0) this.#unheard.delete(topic);
    if (this.#unreadable.size > 0) this.#unreadable.delete(topic);
  }

  /** The connection is gone: at its return all topics are compared again. */
  disconnected(): void {
    this.#unheard.clear();
  }
}
