/**
 * The credit that the worker of one broker has for batches of observations.
 *
 * The effects of a batch become durable with a commit. The credit goes back at once while the uncommitted batches of a broker
 * have UNCOMMITTED_BYTES at most. So a small load causes no commit of its own. Beyond that bound, the credit goes back when the
 * commit that holds the effects has succeeded or failed. So a broker that is faster than the store waits for the store, and
 * does not fill the memory.
 *
 * A store that does not answer must not end the connections: a worker without credit reads no PINGRESP. So credit is held
 * back for CREDIT_TIMEOUT_MS at most.
 *
 * Each return of credit wakes the worker, so the credit of a few batches goes back together. The worker has the rest meanwhile.
 */

/** Bytes of observations of one broker that may be uncommitted while credit still goes back at once. */
export const UNCOMMITTED_BYTES = 4 * 1024 * 1024;

/** Milliseconds for which credit is held back at most. */
export const CREDIT_TIMEOUT_MS = 5_000;

/** Batches whose credit goes back together. A worker has credit for more (MAX_BATCHES in lib/broker/incoming/ingress.ts). */
export const RETURNED_TOGETHER = 4;

export class InboundCredit {
  /** Bytes of the batches since the last commit began. */
  #uncommittedBytes = 0;
  /** Bytes of the batches whose effects are in the commit in progress. */
  #committingBytes = 0;
  /** Batches whose credit goes back with that of the next ones. */
  #due = 0;
  /** Batches whose credit is held back. */
  #held = 0;
  /** Since when, in milliseconds of `performance.now()`. */
  #heldSince = 0;

  /** Whether credit is held back. If so, a commit must be in progress or must begin now. */
  get isHeld(): boolean {
    return this.#held > 0;
  }

  /** The reconciler has applied a batch. Returns for how many batches credit goes back now. */
  received(bytes: number, uptime: number): number {
    this.#uncommittedBytes += bytes;
    if (this.#uncommittedBytes + this.#committingBytes <= UNCOMMITTED_BYTES) {
      this.#due++;
      return this.#due < RETURNED_TOGETHER ? 0 : this.#release();
    }
    if (this.#held === 0) this.#heldSince = uptime;
    this.#held++;
    return 0;
  }

  /** A commit has taken the effects of all batches so far. */
  commitBegun(): void {
    this.#committingBytes += this.#uncommittedBytes;
    this.#uncommittedBytes = 0;
  }

  /** The commit has succeeded or failed. Returns for how many batches credit goes back now. */
  commitEnded(): number {
    this.#committingBytes = 0;
    return this.isHeld && this.#uncommittedBytes <= UNCOMMITTED_BYTES ? this.#release() : 0;
  }

  /** The store takes too long. Returns for how many batches credit goes back although they are not committed. */
  overdue(uptime: number): number {
    return this.#held > 0 && uptime - this.#heldSince >= CREDIT_TIMEOUT_MS ? this.#release() : 0;
  }

  /** The worker is a new one, and has all its credit. */
  reset(): void {
    this.#due = 0;
    this.#held = 0;
    this.#uncommittedBytes = 0;
  }

  #release(): number {
    const batches = this.#due + this.#held;
    this.#due = 0;
    this.#held = 0;
    return batches;
  }
}
