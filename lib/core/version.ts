/**
 * Versions: a total order of all writes, from a hybrid logical clock.
 *
 * Versions come from a hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014). It stays close to physical time
 * and never runs backwards. A counter orders the writes of one millisecond. The replica id breaks the last tie, so two versions are equal only if
 * they are the same write.
 */

export interface Version {
  /** Milliseconds since 1970; 0 for messages that brokers retained before the first contact. */
  readonly time: number;
  /** Orders writes of one millisecond. At first contact it is the rank of the broker. */
  readonly counter: number;
  /** The replica that dated the write. */
  readonly replica: string;
}

/** Ranks of brokers with one priority: at least as many as there are brokers. Their names decide between them. */
export const RANKS_PER_PRIORITY = 32;

/** Negative if `a` is older than `b`, positive if it is newer, 0 if they are the same write. */
export function compareVersions(a: Version, b: Version): number {
  if (a === b) return 0;
  if (a.time !== b.time) return a.time - b.time;
  if (a.counter !== b.counter) return a.counter - b.counter;
  return a.replica < b.replica ? -1 : a.replica > b.replica ? 1 : 0;
}

export function isNewer(a: Version, b: Version): boolean {
  return compareVersions(a, b) > 0;
}

/** A stamp has 32 bits for the counter. */
export const MAX_COUNTER = 0xffff_ffff;

/** Dates the writes of one replica. Physical time is an argument, so the clock is deterministic. */
export class HybridClock {
  readonly replica: string;
  /** A version that is ahead of our clock by more milliseconds is not believed. */
  maxDrift: number;
  #time = 0;
  #counter = 0;

  constructor(replica: string, maxDrift: number) {
    this.replica = replica;
    this.maxDrift = maxDrift;
  }

  /** A version that is newer than all versions that this clock gave or witnessed. */
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
   *
   * Returns false, and takes no note, if the version is too far ahead: one wrong clock must not move all others. A version that
   * is not ahead of this clock itself is believed, since it moves nothing. That occurs after the machine's clock was set back.
   */
  witness(version: Version, now: number): boolean {
    if (version.time > Math.max(now + this.maxDrift, this.#time)) return false;
    this.resume(version);
    return true;
  }

  /**
   * Continues after a version that this clock gave or believed before a restart. The version may be ahead of the time: a machine
   * without a battery starts in 1970 until it is told the time.
   */
  resume({ time, counter }: Version): void {
    if (time < this.#time || (time === this.#time && counter <= this.#counter)) return;
    this.#time = time;
    this.#counter = counter;
  }
}
