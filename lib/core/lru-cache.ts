/**
 * What was made of texts lately, so that the winner of a busy topic is not decoded anew for each rival.
 *
 * Holds: at most `MAX_ENTRIES`, whose keys have at most `MAX_CHARACTERS` in all; the one not used for longest
 * goes first.
 */

const MAX_ENTRIES = 64;
const MAX_CHARACTERS = 1024 * 1024;

export class LruCache<T> {
  readonly #made = new Map<string, T>();
  #characters = 0;

  /** What is known for the text, else what `make` makes of it. */
  of(text: string, make: (text: string) => T): T {
    const known = this.#made.get(text);
    if (known !== undefined) {
      this.#made.delete(text);
      this.#made.set(text, known);
      return known;
    }
    const made = make(text);
    this.#made.set(text, made);
    this.#characters += text.length;
    this.#shrink();
    return made;
  }

  #shrink(): void {
    for (const text of this.#made.keys()) {
      if (this.#made.size <= MAX_ENTRIES && this.#characters <= MAX_CHARACTERS) return;
      this.#made.delete(text);
      this.#characters -= text.length;
    }
  }
}
