/**
 * Fences: publishes of ours whose echo tells that the broker has delivered all that came before.
 *
 * Each fence remembers up to which event we had published when it went out.
 */

export class Fences {
  #nonce: number;
  readonly #boundaries = new Map<number, number>();

  /** @param first drawn at random: fences of an earlier process may still come */
  constructor(first: number) {
    this.#nonce = first;
  }

  /** Returns the nonce of a new fence. */
  next(published: number): number {
    this.#nonce++;
    this.#boundaries.set(this.#nonce, published);
    return this.#nonce;
  }

  /** Up to which event we had published before this fence; undefined if it is none of this session. */
  returned(nonce: number): number | undefined {
    const boundary = this.#boundaries.get(nonce);
    if (boundary === undefined) return undefined;
    // A later fence would have come later.
    for (const other of this.#boundaries.keys()) if (other <= nonce) this.#boundaries.delete(other);
    return boundary;
  }

  /** The connection has ended. Nonces go on, so that a fence of before is recognized. */
  clear(): void {
    this.#boundaries.clear();
  }
}
