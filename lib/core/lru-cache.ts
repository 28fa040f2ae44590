/**
 * A cache of values that are computed from payloads, so that the winner of a busy topic is not decoded again for each write.
 *
 * Invariant: it has at most `MAX_ENTRIES`, and their keys have at most `MAX_BYTES` in all. The entry that was not used for the
 * longest time is dropped first.
 */

import type { Payload } from './payload.ts';

const MAX_ENTRIES = 64;
const MAX_BYTES = 1024 * 1024;

export class LruCache<T> {
  readonly #entries = new Map<Payload, T>();
  #bytes = 0;

  /** The cached value of the payload; else `make` computes it. */
  of(payload: Payload, make: (payload: Payload) => T): T {
    const known = this.#entries.get(payload);
    if (known !== undefined) {
      this.#entries.delete(payload);
      this.#entries.set(payload, known);
      return known;
    }
    const made = make(payload);
    this.#entries.set(payload, made);
    this.#bytes += payload.length;
    this.#shrink();
    return made;
  }

  #shrink(): void {
    for (const payload of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES && this.#bytes <= MAX_BYTES) return;
      this.#entries.delete(payload);
      this.#bytes -= payload.length;
    }
  }
}
