/**
 * Publications that wait to be sent, and their numbers. The reconciler gives credit by the numbers of those that it sent.
 * Publications that come back from quarantine already count as completed, so they have negative numbers.
 */

import { BatchReader } from '../../protocol/batch.ts';
import { type RawPublication, readPublication } from '../../protocol/publication.ts';

export interface Numbered {
  readonly sequence: number;
  readonly publication: RawPublication;
}

export class NumberedQueue {
  readonly #batches: BatchReader[] = [];
  /** Publications that quarantine gave back, to be sent before all others. */
  readonly #returned: Numbered[] = [];
  /** Publications that are sent alone, when nothing else is in flight. */
  readonly #alone: Numbered[] = [];
  #sequence = 0;
  #returns = 0;

  /** The number of the last publication that was taken from a batch. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Adds a batch of publications. Bounded by the credit of the reconciler. */
  add(batch: ArrayBuffer): void {
    this.#batches.push(new BatchReader(batch));
  }

  /** Adds publications that come before all others. */
  addReturned(publications: readonly RawPublication[]): void {
    for (const publication of publications) this.#returned.push(this.#uncounted(publication));
  }

  /** Adds publications that are sent alone, after all others. */
  addAlone(publications: readonly RawPublication[]): void {
    for (const publication of publications) this.#alone.push(this.#uncounted(publication));
  }

  /** The publication is sent alone, after all others. */
  postpone(numbered: Numbered): void {
    this.#alone.push(numbered);
  }

  /** Neither `next` nor `nextAlone` has a publication. */
  get isEmpty(): boolean {
    return this.#returned.length === 0 && this.#alone.length === 0 && this.#batches.every(({ done }) => done);
  }

  next(): Numbered | undefined {
    const returned = this.#returned.shift();
    if (returned !== undefined) return returned;
    while (this.#batches[0]?.done === true) this.#batches.shift();
    const [reader] = this.#batches;
    if (reader === undefined) return undefined;
    return { sequence: ++this.#sequence, publication: readPublication(reader) };
  }

  nextAlone(): Numbered | undefined {
    return this.#alone.shift();
  }

  /** The first number among the publications that are sent alone; Infinity where there is none. */
  get firstAlone(): number {
    for (const { sequence } of this.#alone) if (sequence > 0) return sequence;
    return Number.POSITIVE_INFINITY;
  }

  clear(): void {
    this.#batches.length = 0;
    this.#returned.length = 0;
    this.#alone.length = 0;
  }

  #uncounted(publication: RawPublication): Numbered {
    return { sequence: -++this.#returns, publication };
  }
}
