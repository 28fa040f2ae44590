/**
 * How many levels a topic may have at a broker that hangs up on deeper ones: 10 at VerneMQ by default, 8 at AWS IoT Core.
 *
 * The limit is learned when the broker hung up on several topics alone, each deeper than all topics that it acknowledged.
 * Deeper topics are then refused without being sent. From time to time one of them is sent all the same.
 */

/** The broker must have hung up on this many topics. */
const MIN_HANGUPS = 3;

/** Brokers have no lower limit: a topic with fewer levels was rejected for another reason. */
const MIN_LEVELS = 5;

/** Time until one deeper topic is sent again. */
const RETRY_MS = 10 * 60_000;

export class LevelLimit {
  /** Levels of the deepest topic that the broker accepted. */
  #deepestAccepted = 0;
  /** Levels of the topics that the broker hung up on; bounded by MIN_HANGUPS. */
  #hungUpOn: number[] = [];
  /** The most levels that the broker accepts. */
  #limit = Number.POSITIVE_INFINITY;
  #retryAt = 0;

  /** The most levels that are sent; Infinity where no limit is known. */
  get levels(): number {
    return this.#limit;
  }

  /** The broker accepted a topic. */
  accepted(topic: string): void {
    const levels = levelsOf(topic);
    if (levels <= this.#deepestAccepted) return;
    this.#deepestAccepted = levels;
    this.#hungUpOn = this.#hungUpOn.filter(each => each > levels);
    if (levels > this.#limit) this.#limit = Number.POSITIVE_INFINITY;
  }

  /** The broker hung up on the topic alone. Returns the limit where it is new. */
  hungUpOn(topic: string, now: number): number | undefined {
    const levels = levelsOf(topic);
    // The depth does not explain it.
    if (levels < MIN_LEVELS || levels <= this.#deepestAccepted) return undefined;
    this.#hungUpOn = [...this.#hungUpOn, levels].sort((a, b) => a - b).slice(0, MIN_HANGUPS);
    if (this.#hungUpOn.length < MIN_HANGUPS) return undefined;
    const isKnown = this.#limit < levels;
    this.#limit = Math.min(...this.#hungUpOn) - 1;
    this.#retryAt = now + RETRY_MS;
    return isKnown ? undefined : this.#limit;
  }

  /** Whether the topic must not be sent. A topic that may be sent again restarts the wait for the next one. */
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
