/**
 * A column of values of which a page has only a few different ones: each is kept once, and each place takes a byte, or nothing while
 * all places have one value. A page with more different values keeps one for each place. A value that no place has any more is
 * kept until then.
 */

/** Different values in one page that are kept once. A look-up goes through all of them. */
const MAX_DISTINCT = 16;

export class Column<T> {
  readonly #length: number;
  readonly #usual: T;
  /** The values by number; the first one is that of every place at first. Or, with `#isWide`, by place. */
  #values: T[];
  #numbers: Uint8Array | undefined;
  #isWide = false;

  constructor(length: number, usual: T) {
    this.#length = length;
    this.#usual = usual;
    this.#values = [usual];
  }

  get(at: number): T {
    const index = this.#isWide ? at : this.#numbers === undefined ? 0 : (this.#numbers[at] as number);
    return this.#values[index] as T;
  }

  set(at: number, value: T): void {
    if (this.#isWide) {
      this.#values[at] = value;
      return;
    }
    const number = this.#values.indexOf(value);
    if (number < 0) this.#add(at, value);
    else if (this.#numbers !== undefined) this.#numbers[at] = number;
    else if (number > 0) this.#setNumber(at, number);
  }

  /** The place has the value of every place at first, and holds no other one. */
  clear(at: number): void {
    this.set(at, this.#usual);
  }

  #add(at: number, value: T): void {
    if (this.#values.length < MAX_DISTINCT) {
      this.#setNumber(at, this.#values.push(value) - 1);
      return;
    }
    this.#values = Array.from({ length: this.#length }, (_, place) => this.get(place));
    this.#values[at] = value;
    this.#numbers = undefined;
    this.#isWide = true;
  }

  #setNumber(at: number, number: number): void {
    this.#numbers ??= new Uint8Array(this.#length);
    this.#numbers[at] = number;
  }
}
