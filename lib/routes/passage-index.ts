/**
 * Finds the first of several passages that reads a topic, by the level of the topic that tells most of them apart. The level is
 * compared in place: to make a text of it and to look that up would cost more than all the rest.
 */

import type { CutTopic, Passage } from './passage.ts';

/** A power of two. */
const BUCKETS = 64;

/** Deeper levels are not tried. */
const LEVELS = 16;

interface Bucket<T> {
  readonly level: string;
  /** The passages that read topics with this text in that level, in their order. */
  readonly items: readonly T[];
}

export class PassageIndex<T> {
  readonly #buckets: readonly Bucket<T>[][] = Array.from({ length: BUCKETS }, () => []);
  /** The number of the level. */
  readonly #level: number;
  /** Those that read topics with another text there. */
  readonly #others: readonly T[];
  readonly #passageOf: (item: T) => Passage;

  constructor(items: readonly T[], passageOf: (item: T) => Passage) {
    this.#passageOf = passageOf;
    this.#level = mostTelling(items.map(passageOf));
    const levelOf = (item: T) => passageOf(item).literalAt(this.#level);
    this.#others = items.filter(item => levelOf(item) === undefined);
    for (const level of new Set(items.map(levelOf))) {
      if (level === undefined) continue;
      const matching = items.filter(item => levelOf(item) === undefined || levelOf(item) === level);
      this.#buckets[bucketOf(level, 0, level.length)]?.push({ level, items: matching });
    }
  }

  /** @param accepts called with each passage that reads the topic, until it returns true */
  find(cut: CutTopic, accepts?: (item: T) => boolean): T | undefined {
    const items = this.#candidates(cut);
    for (let index = 0; index < items.length; index++) {
      const item = items[index] as T;
      if (this.#passageOf(item).reads(cut) && (accepts === undefined || accepts(item))) return item;
    }
    return undefined;
  }

  #candidates(cut: CutTopic): readonly T[] {
    if (cut.count <= this.#level) return this.#others;
    const { topic } = cut;
    const start = cut.start(this.#level);
    const end = cut.ends[this.#level] as number;
    const bucket = this.#buckets[bucketOf(topic, start, end)] as readonly Bucket<T>[];
    for (let index = 0; index < bucket.length; index++) {
      const { level, items } = bucket[index] as Bucket<T>;
      if (level.length === end - start && topic.startsWith(level, start)) return items;
    }
    return this.#others;
  }
}

/** The number of the level in which the passages have the most different texts. */
function mostTelling(passages: readonly Passage[]): number {
  const counts = Array.from(
    { length: LEVELS },
    (_, level) => new Set(passages.map(passage => passage.literalAt(level))).size,
  );
  return counts.indexOf(Math.max(...counts));
}

/** Of a level between these two places. */
function bucketOf(topic: string, start: number, end: number): number {
  if (start === end) return 0;
  const last = topic.charCodeAt(end - 1);
  return (end - start + topic.charCodeAt(start) * 7 + last * 31) & (BUCKETS - 1);
}
