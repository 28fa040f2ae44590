/** The random values that a fuzz draws from one seed. */

import { seededRandom } from '../../support/random.ts';

export class Chance {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** A whole number from 0 to below `limit`; 0 if `limit` is 0. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  /** @param probability from 0 to 1 */
  happens(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new RangeError('there is nothing to choose from');
    return choice;
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}
