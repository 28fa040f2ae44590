/**
 * Which PUBACKs of one session may be written. They are written in the order of the messages, so one that must wait holds
 * back all after it.
 *
 * A message may be acknowledged when the commit that holds its effects is durable. It must wait longer if it matches a publish of
 * ours only provisionally, or if the log has no room for it. When the connection ends, the gate ends with it.
 */

/** The message waits for something else than a commit. */
const UNTIL_RELEASED = Number.POSITIVE_INFINITY;

export class AckGate {
  /** The last message that came. */
  #received = 0;
  /** The last message whose effects the commit in progress holds. */
  #committing = 0;
  #durable = 0;
  /** What was told last. */
  #told = 0;
  /** By ordinal, ascending: the number of the commit that frees it. */
  readonly #waiting = new Map<number, number>();

  /** All ordinals that were told to be free. */
  get told(): number {
    return this.#told;
  }

  received(ordinal: number): void {
    this.#received = Math.max(this.#received, ordinal);
  }

  /** The message must wait until it is released. */
  hold(ordinal: number): void {
    if (ordinal > 0) this.#waiting.set(ordinal, UNTIL_RELEASED);
  }

  /** Its effect is part of the next commit, which has this number. */
  release(ordinal: number, commit: number): void {
    if (this.#waiting.has(ordinal)) this.#waiting.set(ordinal, commit);
  }

  commitBegan(): void {
    this.#committing = this.#received;
  }

  /** The commit with this number is durable. */
  commitEnded(commit: number): void {
    this.#durable = Math.max(this.#durable, this.#committing);
    for (const [ordinal, needed] of this.#waiting) if (needed <= commit) this.#waiting.delete(ordinal);
  }

  /** Returns through which ordinal PUBACKs may be written, if there are more than before. */
  take(): number | undefined {
    // The first one is the smallest.
    const [first = Number.POSITIVE_INFINITY] = this.#waiting.keys();
    const free = Math.min(this.#durable, first - 1);
    if (free <= this.#told) return undefined;
    this.#told = free;
    return free;
  }
}
