/**
 * What a broker did not show, since its replay was cut, until a full scan has read the rest.
 *
 * At the first contact what it retains counts by its rank, and not by the moment at which it is seen. So meanwhile nothing
 * that another broker retained before the first contact is published to a topic of which it is not known what this
 * broker retains there: that would overwrite what it has not shown yet. Such topics wait for the end of the scan; where
 * it leaves something out they are probed.
 */

export class ReplayGap {
  #isOpen = false;
  #isOfFirstContact = false;
  #said = '';
  readonly #waiting = new Set<string>();
  readonly #probed = new Set<string>();

  /** The replay was cut, and the rest has not been read completely. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The replay at the first contact was cut: what is read later, of a topic that is not known there, belongs to it. */
  get isOfFirstContact(): boolean {
    return this.#isOfFirstContact;
  }

  open(at: 'first contact' | 'return'): void {
    this.#isOfFirstContact ||= at === 'first contact';
    this.#isOpen = true;
  }

  /** Whether this reason why the replay is still incomplete is another one than the last; then it counts as said. */
  isNews(reason: string): boolean {
    const isNews = reason !== this.#said;
    this.#said = reason;
    return isNews;
  }

  /** Whether the topic has to wait; then it is among those that the next call of `close` or `scanned` returns. */
  holds(topic: string): boolean {
    if (!this.#isOpen || this.#probed.has(topic)) return false;
    this.#waiting.add(topic);
    return true;
  }

  /** A full scan has left something out. Returns the topics that waited: each is to be probed, and waits no more. */
  scanned(): readonly string[] {
    for (const topic of this.#waiting) this.#probed.add(topic);
    return this.#take();
  }

  /** Nothing is missing any more. Returns the topics that waited. */
  close(): readonly string[] {
    this.#isOpen = false;
    this.#isOfFirstContact = false;
    this.#said = '';
    this.#probed.clear();
    return this.#take();
  }

  /** The connection is gone, and with it what waited. */
  parted(): void {
    this.#waiting.clear();
  }

  #take(): readonly string[] {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    return waiting;
  }
}
