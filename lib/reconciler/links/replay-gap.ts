/**
 * What a broker has not shown because its replay was cut, until a full scan has read the rest.
 *
 * At the first contact a retained message counts by the rank of its broker, not by the time at which it is seen. So a message that
 * another broker retained before the first contact must not overwrite one that this broker has not shown yet. Topics of which
 * it is not known what this broker retains wait for the end of the full scan. If the scan leaves something out, they are probed.
 */

export class ReplayGap {
  #isOpen = false;
  #isOfFirstContact = false;
  #lastReason = '';
  readonly #waiting = new Set<string>();
  readonly #probed = new Set<string>();

  /** The replay was cut, and the rest has not been read completely. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The replay at the first contact was cut. Later messages of topics that are not known there still belong to it. */
  get isOfFirstContact(): boolean {
    return this.#isOfFirstContact;
  }

  open(at: 'first contact' | 'return'): void {
    this.#isOfFirstContact ||= at === 'first contact';
    this.#isOpen = true;
  }

  /** Whether this reason why the replay is still incomplete differs from the last one; then it counts as logged. */
  isNewReason(reason: string): boolean {
    const isNew = reason !== this.#lastReason;
    this.#lastReason = reason;
    return isNew;
  }

  /** Lets the topic wait, if it must. Returns whether it waits. The next call of `close` or `scanned` returns waiting topics. */
  letWait(topic: string): boolean {
    if (!this.#isOpen || this.#probed.has(topic)) return false;
    this.#waiting.add(topic);
    return true;
  }

  /** A full scan has left something out. Returns the topics that waited: each is to be probed, and does not wait again. */
  scanned(): readonly string[] {
    for (const topic of this.#waiting) this.#probed.add(topic);
    return this.#take();
  }

  /** Everything was read. Returns the topics that waited. */
  close(): readonly string[] {
    this.#isOpen = false;
    this.#isOfFirstContact = false;
    this.#lastReason = '';
    this.#probed.clear();
    return this.#take();
  }

  /** The connection is gone; no topic waits any longer. */
  disconnected(): void {
    this.#waiting.clear();
  }

  #take(): readonly string[] {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    return waiting;
  }
}
