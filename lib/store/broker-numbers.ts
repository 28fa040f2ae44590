/**
 * Brokers in the store bear numbers that never change, while their indexes change when the user adds or
 * removes one. A number once given to a name stays that name's.
 */

export class BrokerNumbers {
  readonly #names: string[];
  readonly #numbers: readonly number[];
  readonly #indexes: ReadonlyMap<number, number>;

  /**
   * @param names all names that ever had a number, in the order of their numbers
   * @param brokers the configured names, in the order of their indexes
   */
  constructor(names: readonly string[], brokers: readonly string[]) {
    this.#names = [...names, ...brokers.filter(name => !names.includes(name))];
    this.#numbers = brokers.map(name => this.#names.indexOf(name));
    this.#indexes = new Map(this.#numbers.map((number, index) => [number, index]));
  }

  /** To be stored. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Brokers that are configured. */
  get size(): number {
    return this.#numbers.length;
  }

  numberOf(index: number): number {
    const number = this.#numbers[index];
    if (number === undefined) throw new RangeError(`there is no broker ${index}`);
    return number;
  }

  /** Undefined for a broker that is no longer configured. */
  indexOf(number: number): number | undefined {
    return this.#indexes.get(number);
  }
}
