/**
 * The order in which packets that have an answer are sent on one connection. Brokers handle the packets of a connection in
 * their order. So an answer to a later packet says that the answer to an earlier one is late, or lost.
 */

export class AnswerOrder {
  /** The packets that were sent. */
  #sent = 0;
  /** By place, those that are watched and were not passed over yet. At most one for each request that is not answered. */
  readonly #watched = new Map<number, () => void>();

  /** A packet goes out. Returns its place. */
  sent(): number {
    return ++this.#sent;
  }

  /** The packet in that place is answered. */
  answered(place: number): void {
    if (this.#watched.size === 0) return;
    for (const [earlier, passedOver] of this.#watched) {
      if (earlier >= place) continue;
      this.#watched.delete(earlier);
      passedOver();
    }
  }

  /** Calls `passedOver` once a packet that was sent later is answered. Returns what ends the watch. */
  watch(place: number, passedOver: () => void): () => void {
    this.#watched.set(place, passedOver);
    return () => this.#watched.delete(place);
  }
}
