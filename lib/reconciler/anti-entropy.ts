/**
 * Anti-entropy: which topics to look at again at a broker. Brokers drop messages to a subscriber that is
 * slower than a burst, silently and the last value included, so what we believe is compared with what is.
 *
 * All topics are looked at in turn, within one period; those that came in a burst are looked at first, once
 * the burst is over.
 */

/** So many messages within one second are a burst: below mosquitto's default queue of 1,000 by far. */
const BURST = 200;

/** A topic of a burst is looked at when the burst has been over for so many milliseconds. */
const QUIET = 5_000;

/** Topics looked at in one second, at most. */
const MOST = 500;

export class AntiEntropy {
  /** Seconds in which every topic is looked at once; Infinity for never. */
  period: number;
  #walk: Iterator<string> | undefined;
  #owed = 0;
  #received = 0;
  #second = 0;
  #lastBurst = 0;
  #burst = new Set<string>();

  constructor(period: number) {
    this.period = period;
  }

  /** Counts messages of the broker. Returns whether they belong to a burst: their topics are to be noted then. */
  received(messages: number, now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#received = 0;
    }
    this.#received += messages;
    if (this.#received <= BURST) return false;
    this.#lastBurst = now;
    return true;
  }

  /** A topic of a burst: to be looked at when it is over. */
  note(topic: string): void {
    this.#burst.add(topic);
  }

  /** Whether a burst waits to be looked at. */
  get hasBurst(): boolean {
    return this.#burst.size > 0;
  }

  /**
   * The topics to look at now, after so many seconds since the last call.
   * @param topics all topics, in any stable order
   */
  next(topics: { readonly size: number; keys(): Iterator<string> }, elapsed: number, now: number): string[] {
    if (this.period === Number.POSITIVE_INFINITY) return [];
    const most = Math.ceil(MOST * elapsed);
    const chosen = this.#ofBurst(most, now);
    this.#owed = Math.min(this.#owed + (topics.size * elapsed) / this.period, topics.size);
    while (this.#owed >= 1 && chosen.length < most) {
      this.#owed--;
      const topic = this.#nextOf(topics);
      if (topic === undefined) break;
      chosen.push(topic);
    }
    return chosen;
  }

  #ofBurst(most: number, now: number): string[] {
    if (now - this.#lastBurst < QUIET) return [];
    const chosen = [...this.#burst].slice(0, most);
    for (const topic of chosen) this.#burst.delete(topic);
    return chosen;
  }

  /** A Map's iterator goes on over additions and removals; at the end it starts anew. */
  #nextOf(topics: { keys(): Iterator<string> }): string | undefined {
    this.#walk ??= topics.keys();
    let next = this.#walk.next();
    if (next.done === true) {
      this.#walk = topics.keys();
      next = this.#walk.next();
    }
    return next.done === true ? undefined : next.value;
  }
}
