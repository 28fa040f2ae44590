/**
 * When the next read of a socket comes. Brokers write each message by itself, so a socket that is read as soon as something
 * arrives is read once for each message: the system calls then cost more than all the rest (measured: 9 to 14 µs a message; with
 * a millisecond between the reads 2.7 µs). While little comes, a read is served at once. Under load the next one waits a
 * millisecond, and takes in what came meanwhile.
 *
 * What fills a large part of the buffer is a burst, such as a replay: there the next read comes at once, since brokers drop what
 * the socket does not take.
 *
 * A broker sends only so many messages of QoS 1 before it waits for acknowledgements; mosquitto sends 20. If that is all that
 * comes during a wait, the wait bounds what arrives, and the broker drops the rest. Then reads are served at once for a while.
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

/** So many waits in a row that bring the same small number of messages show the window of the broker. */
const SHOWN_WINDOW = 4;
const SMALL_WINDOW = 128;

/** How long no read waits after that. */
const AT_ONCE_PERIOD_MS = 100;

export class ReadGovernor {
  /** Whether we wait for the broker, so that a wait would hold up what we send. */
  readonly #isHeldUp: () => boolean;
  #reads = 0;
  #since = Number.NEGATIVE_INFINITY;
  #resumedAt = Number.NEGATIVE_INFINITY;
  /** Messages of the last read that followed a wait, and how many such reads in a row brought as many. */
  #messages = 0;
  #times = 0;
  #atOnceUntil = Number.NEGATIVE_INFINITY;

  constructor(isHeldUp: () => boolean) {
    this.#isHeldUp = isHeldUp;
  }

  /**
   * A read brought this many bytes. Returns whether the next one waits.
   * @param messages of QoS 1 among them
   */
  waits(bytes: number, messages: number, now = performance.now()): boolean {
    if (bytes >= MIN_BURST_BYTES || now < this.#atOnceUntil) return false;
    if (now - this.#resumedAt < AT_ONCE_MS) return !this.#showsWindow(messages, now) && !this.#isHeldUp();
    const isLoadOver = this.#resumedAt > this.#since;
    if (isLoadOver || now - this.#since >= PERIOD_MS) {
      this.#since = now;
      this.#reads = 0;
    }
    return ++this.#reads > MAX_READS && !this.#isHeldUp();
  }

  #showsWindow(messages: number, now: number): boolean {
    this.#times = messages === this.#messages ? this.#times + 1 : 1;
    this.#messages = messages;
    if (messages === 0 || messages > SMALL_WINDOW || this.#times < SHOWN_WINDOW) return false;
    this.#times = 0;
    this.#atOnceUntil = now + AT_ONCE_PERIOD_MS;
    return true;
  }

  /** The wait is over. */
  resumed(now = performance.now()): void {
    this.#resumedAt = now;
  }
}
