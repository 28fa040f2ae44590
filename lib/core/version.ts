/**
 * Versions: a total order of all writes, from a hybrid logical clock.
 *
 * A hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) stays close to physical time,
 * never runs backwards, and orders what happens within one millisecond by a counter. The replica id breaks
 * the last tie, so two versions are equal only when they are the same write.
 */

export interface Version {
  /** Milliseconds since 1970, or 0 for what brokers retained before the first contact. */
  readonly time: number;
  /** Orders writes of one millisecond; at first contact the rank of the broker. */
  readonly counter: number;
  /** Who dated the write. */
  readonly replica: string;
}

/** Negative when `a` is older than `b`, positive when it is newer, 0 when they are the same write. */
export function compareVersions(a: Version, b: Version): number {
  if (a === b) return 0;
  if (a.time !== b.time) return a.time - b.time;
  if (a.counter !== b.counter) return a.counter - b.counter;
  return a.replica < b.replica ? -1 : a.replica > b.replica ? 1 : 0;
}

/** Dates writes for one replica. Physical time comes in as an argument, so the clock is deterministic. */
export class HybridClock {
  readonly replica: string;
  /** Milliseconds that another replica's version may be ahead of our clock and be believed. */
  maxDrift: number;
  #time = 0;
  #counter = 0;

  constructor(replica: string, maxDrift: number) {
    this.replica = replica;
    this.maxDrift = maxDrift;
  }

  /** A version newer than all that this clock gave or witnessed. */
  next(now: number): Version {
    if (now > this.#time) {
      this.#time = now;
      this.#counter = 0;
    } else {
      this.#counter++;
    }
    return { time: this.#time, counter: this.#counter, replica: this.replica };
  }

  /**
   * Takes note of another replica's version, so that later writes here are newer.
   * Returns false, and takes no note, when it lies too far ahead: one wrong clock must not
   * drag all others along.
   */
  witness(version: Version, now: number): boolean {
    if (version.time > now + this.maxDrift) return false;
    if (version.time > this.#time || (version.time === this.#time && version.counter > this.#counter)) {
      this.#time = version.time;
      this.#counter = version.counter;
    }
    return true;
  }
}
