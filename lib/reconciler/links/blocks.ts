/**
 * Topics that a broker does not take: refused, denied without a word, too large. They are tried again with
 * growing distance and hold up no other topic. Bounded by the topics; empty when all is well.
 *
 * Times are milliseconds of `performance.now()`, which goes on evenly when the machine's clock is set.
 */

interface Block {
  failures: number;
  /** What was not taken: this value alone, or whatever comes under the topic. */
  culprit: 'value' | 'topic';
  retryAt: number;
}

/** A topic counts as blocked after so many failures in a row. */
export const BLOCKED_AFTER = 3;

/** Stands for a time to be tried again, while the topic is tried. */
const BEING_TRIED = Number.POSITIVE_INFINITY;

const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 10 * 60_000;

export class Blocks {
  readonly #blocks = new Map<string, Block>();

  /** Topics that count as blocked. */
  blocked = 0;

  get size(): number {
    return this.#blocks.size;
  }

  /** Notes a failure; returns how many there were in a row. */
  failed(topic: string, uptime: number): number {
    const failures = (this.#blocks.get(topic)?.failures ?? 0) + 1;
    const distance = Math.min(FIRST_RETRY * 4 ** (failures - 1), LONGEST_RETRY);
    this.#blocks.set(topic, { failures, culprit: 'topic', retryAt: uptime + distance });
    if (failures === BLOCKED_AFTER) this.blocked++;
    return failures;
  }

  /** The broker does not take the value, and would not take it again. Returns whether that is news. */
  valueRefused(topic: string, uptime: number): boolean {
    const isNews = this.#blocks.get(topic)?.culprit !== 'value';
    if (!this.isBlocked(topic)) this.blocked++;
    this.#blocks.set(topic, { failures: BLOCKED_AFTER, culprit: 'value', retryAt: uptime + LONGEST_RETRY });
    return isNews;
  }

  /** The topic has another value: if it waits because of the old one, it waits no longer. */
  valueChanged(topic: string): void {
    const block = this.#blocks.get(topic);
    if (block?.culprit === 'value') block.retryAt = BEING_TRIED;
  }

  /** The broker has returned, and may take now what it did not take before: all topics are tried at once. */
  returned(uptime: number): void {
    for (const block of this.#blocks.values()) block.retryAt = Math.min(block.retryAt, uptime);
  }

  /** The broker has the topic as it should; returns whether it was blocked. */
  succeeded(topic: string): boolean {
    const failures = this.#blocks.get(topic)?.failures ?? 0;
    if (failures > 0) this.#blocks.delete(topic);
    if (failures >= BLOCKED_AFTER) this.blocked--;
    return failures >= BLOCKED_AFTER;
  }

  /** Whether the broker has not taken what it was sent last. */
  refuses(topic: string): boolean {
    return this.#blocks.has(topic);
  }

  isBlocked(topic: string): boolean {
    return (this.#blocks.get(topic)?.failures ?? 0) >= BLOCKED_AFTER;
  }

  /** When the topic is tried again; undefined while it is being tried, or is not blocked. */
  retryAt(topic: string): number | undefined {
    const block = this.#blocks.get(topic);
    return block === undefined || block.retryAt === BEING_TRIED ? undefined : block.retryAt;
  }

  mustWait(topic: string, uptime: number): boolean {
    const block = this.#blocks.get(topic);
    return block !== undefined && block.retryAt !== BEING_TRIED && block.retryAt > uptime;
  }

  /** Takes out the topics whose time to be tried again has come; each waits for its outcome then. */
  due(uptime: number): string[] {
    const due = [...this.#blocks].filter(([, block]) => block.retryAt <= uptime);
    for (const [, block] of due) block.retryAt = BEING_TRIED;
    return due.map(([topic]) => topic);
  }

  /** Whether some topic waits for its time. */
  get isWaiting(): boolean {
    for (const block of this.#blocks.values()) if (block.retryAt !== BEING_TRIED) return true;
    return false;
  }

  clear(): void {
    this.#blocks.clear();
    this.blocked = 0;
  }
}
