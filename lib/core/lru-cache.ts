/**
 * A cache of values that are computed from texts, so that the winner of a busy topic is not decoded again for each write.
 *
 * Invariant: it has at most `MAX_ENTRIES`, and their keys have at most `MAX_CHARACTERS` in all. The entry that was not used for
 * the longest time is dropped first.
 */

const MAX_ENTRIES = 64;
const MAX_CHARACTERS = 1024 * 1024;

export class LruCache<T> {
  readonly #entries = new Map<string, T>();
  #characters = 0;

  /** The cached value of the text; else `make` computes it. */
  of(text: string, make: (text: string) => T): T {
    const known = this.#entries.get(text);
    if (known !== undefined) {
      this.#entries.delete(text);
      this.#entries.set(text, known);
      return known;
    }
    const made = make(text);
    this.#entries.set(text, made);
    this.#characters += text.length;
    this.#shrink();
    return made;
  }

  #shrink(): void {
    for (const text of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES && this.#characters <= MAX_CHARACTERS) return;
      this.#entries.delete(text);
      this.#characters -= text.length;
    }
  }
}
