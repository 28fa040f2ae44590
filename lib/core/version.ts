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

export function isNewer(a: Version, b: Version): boolean {
  return compareVersions(a, b) > 0;
}

/** The counter travels as 32 bits. */
export const MAX_COUNTER = 0xffff_ffff;

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
    } else if (this.#counter < MAX_COUNTER) {
      this.#counter++;
    } else {
      this.#time++;
      this.#counter = 0;
    }
    return { time: this.#time, counter: this.#counter, replica: this.replica };
  }

  /**
   * Takes note of another replica's version, so that later writes here are newer.
   * Returns false, and takes no note, when it lies too far ahead: one wrong clock must not
   * drag all others along. What lies no further ahead than this clock itself (the machine's
   * was put back) drags nobody.
   */
  witness(version: Version, now: number): boolean {
    if (version.time > Math.max(now + this.maxDrift, this.#time)) return false;
    this.resume(version);
    return true;
  }

  /**
   * Continues after a version of an earlier life, which was given or believed then. It may well lie ahead: a
   * machine without a battery begins in 1970 until it is told the time.
   */
  resume({ time, counter }: Version): void {
    if (time < this.#time || (time === this.#time && counter <= this.#counter)) return;
    this.#time = time;
    this.#counter = counter;
  }
}
