/**
 * A broker may have rolled back topics that it has not shown since its return. These are the values that it may have gone back to.
 * mqttrep may lack the right to read these topics. Whenever the broker shows one of these values, it is old, and no client wrote it. So these values are kept
 * longer than the history, which covers some seconds only, and over later sessions.
 */

import type { Superseded } from '../../store/state-store.ts';

/** In place of a commit: the value counts until the broker shows what it holds. */
export const UNTIL_SEEN = Number.POSITIVE_INFINITY;

/** Values of one topic at most; if there are more, the oldest are dropped. */
const MAX_VALUES_OF_TOPIC = 16;

/** Topics at most; beyond that nothing is added. */
const MAX_TOPICS = 10_000;

const NO_VALUES: readonly Superseded[] = [];

export class UnseenValues {
  #dropped = 0;
  readonly #topics = new Map<string, readonly Superseded[]>();

  /** Values that were dropped because a bound was met. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Topics. */
  get size(): number {
    return this.#topics.size;
  }

  of(topic: string): readonly Superseded[] {
    return this.#topics.get(topic) ?? NO_VALUES;
  }

  /** Takes what the store has. */
  load(topic: string, values: readonly Superseded[]): void {
    this.#topics.set(topic, values);
  }

  /** Adds values that the broker held, the oldest first. */
  add(topic: string, values: readonly Superseded[]): void {
    const known = this.of(topic);
    if (known.length === 0 && this.#topics.size >= MAX_TOPICS) {
      this.#dropped += values.length;
      return;
    }
    const isKnown = (value: Superseded) =>
      known.some(({ payload, properties }) => payload === value.payload && properties === value.properties);
    const added = values.filter(value => !isKnown(value)).map(value => ({ ...value, until: UNTIL_SEEN }));
    const all = [...known, ...added];
    this.#dropped += Math.max(0, all.length - MAX_VALUES_OF_TOPIC);
    this.#topics.set(topic, all.slice(-MAX_VALUES_OF_TOPIC));
  }

  /** The broker has shown what it holds. Returns whether there were any values. */
  release(topic: string): boolean {
    return this.#topics.delete(topic);
  }

  /** The broker lost all of its data. */
  clear(): void {
    this.#topics.clear();
  }
}
