/**
 * When the next read of a socket comes. Brokers write each message by itself, so a socket that is read as soon as something
 * arrives is read once for each message: the system calls then cost more than all the rest (measured: 9 to 14 µs a message; with
 * a millisecond between the reads 2.7 µs). While little comes, a read is served at once. Under load the next one waits a
 * millisecond, and takes in what came meanwhile.
 *
 * What fills a large part of the buffer is a burst, such as a replay: there the next read comes at once, since brokers drop what
 * the socket does not take.
 */

/** How long the next read waits under load: the shortest time of a timer, and no longer than the shortest tick. */
export const WAIT_MS = 1;

/** More reads than this within the period are load: 4,000 a second. Requests and their answers alone are fewer. */
const MAX_READS = 64;
const PERIOD_MS = 16;

/** Bytes that came while a read waited, if at once after it: the load goes on. */
const AT_ONCE_MS = 0.3;

/** A read of at least this many bytes is part of a burst. */
const MIN_BURST_BYTES = 32 * 1024;

export class ReadGovernor {
  /** Whether we wait for the broker, so that a wait would hold up what we send. */
  readonly #isHeldUp: () => boolean;
  #reads = 0;
  #since = Number.NEGATIVE_INFINITY;
  #resumedAt = Number.NEGATIVE_INFINITY;

  constructor(isHeldUp: () => boolean) {
    this.#isHeldUp = isHeldUp;
  }

  /** A read brought this many bytes. Returns whether the next one waits. */
  waits(bytes: number, now = performance.now()): boolean {
    if (bytes >= MIN_BURST_BYTES) return false;
    if (now - this.#resumedAt < AT_ONCE_MS) return !this.#isHeldUp();
    const isLoadOver = this.#resumedAt > this.#since;
    if (isLoadOver || now - this.#since >= PERIOD_MS) {
      this.#since = now;
      this.#reads = 0;
    }
    return ++this.#reads > MAX_READS && !this.#isHeldUp();
  }

  /** The wait is over. */
  resumed(now = performance.now()): void {
    this.#resumedAt = now;
  }
}
