/**
 * Whether a broker shows the sentinel with what it is asked for. One that retains nothing visibly, or does not let us read
 * our own topics, never does; each batch of topics would wait for it in vain. So after a few batches it is awaited no
 * longer, and tried again from time to time. Lives as long as the actor.
 */

/** Batches in a row without the sentinel, after which it is awaited no longer: where it was never shown, and where it was. */
const MAX_MISSED = 3;
const MAX_MISSED_AFTER_SHOWN = 12;

/** It is tried again so many milliseconds after the last attempt. */
const RETRY_MS = 10 * 60_000;

/**
 * How the broker is asked. `absence`: with the sentinel, so that it tells absence too. `presence`: what is shown is there,
 * the rest is unknown. `nothing`: it shows nothing at all.
 */
export type Tells = 'absence' | 'presence' | 'nothing';

export class SentinelVisibility {
  readonly #say: (tells: Tells) => void;
  readonly #now: () => number;
  #missed = 0;
  #wasShown = false;
  #showsRetained = false;
  #retryAt = 0;
  #isSaid = false;

  /**
   * @param say tells once that the sentinel is not shown
   * @param now in milliseconds, as of `performance.now()`
   */
  constructor(say: (tells: Tells) => void, now = () => performance.now()) {
    this.#say = say;
    this.#now = now;
  }

  get tells(): Tells {
    if (this.#missed < this.#most || this.#now() >= this.#retryAt) return 'absence';
    return this.#showsRetained ? 'presence' : 'nothing';
  }

  /** The broker showed something as retained. */
  showedRetained(): void {
    this.#showsRetained = true;
  }

  /** It showed the sentinel. */
  shown(): void {
    this.#wasShown = true;
    this.#showsRetained = true;
    this.#missed = 0;
    this.#isSaid = false;
  }

  /** It answered, and did not show the sentinel. */
  missed(): void {
    this.#missed++;
    if (this.#missed < this.#most) return;
    this.#retryAt = this.#now() + RETRY_MS;
    if (!this.#isSaid) this.#say(this.tells);
    this.#isSaid = true;
  }

  get #most(): number {
    return this.#wasShown ? MAX_MISSED_AFTER_SHOWN : MAX_MISSED;
  }
}
