/**
 * How deep a topic may be at a broker that hangs up on deeper ones (VerneMQ: 10 levels by default, AWS IoT Core: 8).
 *
 * The limit is learnt where the broker hung up on several topics alone, and each of these is deeper than all topics that
 * it acknowledged. Deeper topics are then refused without a trial. Now and then one of them is tried all the same.
 */

/** Topics that the broker must have hung up on. */
const EVIDENCE = 3;

/** Brokers have no limit below: topics that are less deep have something else that the broker does not take. */
const LEAST_LEVELS = 5;

/** Milliseconds until one deeper topic is tried. */
const RETRY_MS = 10 * 60_000;

export class LevelLimit {
  /** Levels of the deepest topic that the broker took. */
  #deepestTaken = 0;
  /** Levels of the topics that the broker hung up on; bounded by EVIDENCE. */
  #hungUpOn: number[] = [];
  /** Levels of the least deep topic that is refused. */
  #limit = Number.POSITIVE_INFINITY;
  #retryAt = 0;

  /** Levels that are taken at most; Infinity where no limit is known. */
  get levels(): number {
    return this.#limit;
  }

  /** The broker took a topic. */
  taken(topic: string): void {
    const levels = levelsOf(topic);
    if (levels <= this.#deepestTaken) return;
    this.#deepestTaken = levels;
    this.#hungUpOn = this.#hungUpOn.filter(each => each > levels);
    if (levels > this.#limit) this.#limit = Number.POSITIVE_INFINITY;
  }

  /** The broker hung up on the topic alone. Returns the limit, if that is news. */
  hungUpOn(topic: string, now: number): number | undefined {
    const levels = levelsOf(topic);
    if (levels < LEAST_LEVELS || levels <= this.#deepestTaken) {
      // Depth does not explain it.
      return undefined;
    }
    this.#hungUpOn = [...this.#hungUpOn, levels].sort((a, b) => a - b).slice(0, EVIDENCE);
    if (this.#hungUpOn.length < EVIDENCE) return undefined;
    const isKnown = this.#limit < levels;
    this.#limit = Math.min(...this.#hungUpOn) - 1;
    this.#retryAt = now + RETRY_MS;
    return isKnown ? undefined : this.#limit;
  }

  /** Whether the topic is not to be sent. One that is due for a trial counts as tried. */
  refuses(topic: string, now: number): boolean {
    if (this.#limit === Number.POSITIVE_INFINITY || levelsOf(topic) <= this.#limit) return false;
    if (now < this.#retryAt) return true;
    this.#retryAt = now + RETRY_MS;
    return false;
  }
}

/** The number of levels of a topic: one more than it has slashes. */
export function levelsOf(topic: string): number {
  let levels = 1;
  for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) levels++;
  return levels;
}
