/**
 * The order in which packets with an answer are sent on one connection. Brokers handle the packets of a connection in order.
 * An answer to a later packet therefore tells that the answer to an earlier one is late, or lost.
 */

export class AnswerOrder {
  /** Packets sent. */
  #sent = 0;
  /** By place, the watched packets whose answer no later one has overtaken. Bounded by the unanswered requests. */
  readonly #watched = new Map<number, () => void>();

  /** A packet goes out. Returns its place. */
  sent(): number {
    return ++this.#sent;
  }

  /** The packet at this place is answered. */
  answered(place: number): void {
    if (this.#watched.size === 0) return;
    for (const [earlier, overtaken] of this.#watched) {
      if (earlier >= place) continue;
      this.#watched.delete(earlier);
      overtaken();
    }
  }

  /** Calls `overtaken` once, when a packet that was sent later is answered. Returns a function that ends the watch. */
  watch(place: number, overtaken: () => void): () => void {
    this.#watched.set(place, overtaken);
    return () => this.#watched.delete(place);
  }
}
