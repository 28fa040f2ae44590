/**
 * Whether a broker shows the sentinel of a probe. A broker never does if it does not retain messages, or does not let mqttrep
 * read control topics. Each batch of topics would wait for the sentinel in vain. So after a few batches mqttrep stops waiting
 * for it, and tries again from time to time. Lives as long as the actor.
 */

/** Batches in a row without the sentinel, after which it is no longer awaited. */
const MAX_MISSED = 3;

/** The same, if the broker has shown the sentinel before. */
const MAX_MISSED_AFTER_SHOWN = 12;

const RETRY_MS = 10 * 60_000;

/**
 * What a probe can tell. `absence`: whether a topic is retained or absent, by the sentinel. `presence`: what is shown is
 * retained, the rest is unknown. `nothing`: the broker shows no retained message at all.
 */
export type ProbeScope = 'absence' | 'presence' | 'nothing';

export class SentinelVisibility {
  readonly #log: (scope: ProbeScope) => void;
  readonly #now: () => number;
  #missed = 0;
  #wasShown = false;
  #showsRetained = false;
  #retryAt = 0;
  #isLogged = false;

  /**
   * @param log called once when the sentinel is no longer awaited
   * @param now milliseconds of `performance.now()`
   */
  constructor(log: (scope: ProbeScope) => void, now = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  get scope(): ProbeScope {
    if (this.#missed < this.#maxMissed || this.#now() >= this.#retryAt) return 'absence';
    return this.#showsRetained ? 'presence' : 'nothing';
  }

  /** The broker showed a retained message. */
  showedRetained(): void {
    this.#showsRetained = true;
  }

  /** The broker showed the sentinel. */
  shown(): void {
    this.#wasShown = true;
    this.#showsRetained = true;
    this.#missed = 0;
    this.#isLogged = false;
  }

  /** The broker answered without the sentinel. */
  missed(): void {
    this.#missed++;
    if (this.#missed < this.#maxMissed) return;
    this.#retryAt = this.#now() + RETRY_MS;
    if (!this.#isLogged) this.#log(this.scope);
    this.#isLogged = true;
  }

  get #maxMissed(): number {
    return this.#wasShown ? MAX_MISSED_AFTER_SHOWN : MAX_MISSED;
  }
}
