/**
 * Topics that a broker does not take: refused, denied without a word, too large. They are tried again with
 * growing distance and hold up no other topic. Bounded by the topics; empty when all is well.
 *
 * Rights come and go. A topic that the broker denies by a reason code costs one publish when it is tried again, so it is
 * tried soon, and a new value is a reason to try it. Rights usually return to many topics at once: each topic that the
 * broker takes again has a small group of the others tried, and each of those a group of its own.
 *
 * Times are milliseconds of `performance.now()`, which goes on evenly when the machine's clock is set.
 */

import type { Refusal } from '../../protocol/messages.ts';

/** Why a topic is not taken. `not stored`: its broker acknowledges it and then drops it. */
export type Cause = Refusal['scope'] | 'not stored';

interface Block {
  failures: number;
  cause: Cause;
  /** For people. */
  reason: string;
  failedAt: number;
  retryAt: number;
}

/** A topic counts as blocked after so many failures in a row. */
export const BLOCKED_AFTER = 3;

/** Stands for a time to be tried again, while the topic is tried. */
const BEING_TRIED = Number.POSITIVE_INFINITY;

const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 10 * 60_000;
/** The distance grows by so much with each failure; by less where to try again costs one publish. */
const GROWTH = { topic: 4, right: 2, 'not stored': 4 } as const;

/** Milliseconds after a denial in which a new value is no reason to try the topic again. */
const NEW_VALUE_RETRY_MS = 5_000;

/** Topics that are tried since the broker took another one again. */
export const RELEASED_TOPICS = 16;

export class BlockedTopics {
  readonly #blocked = new Map<string, Block>();
  /**
   * Topics that wait and are tried when another one is taken that was not taken for the same reason. The one that failed
   * longest ago comes first. A topic that its broker hangs up on is in none: its worker would not send it.
   */
  readonly #releasable = { right: new Set<string>(), 'not stored': new Set<string>() };

  /** Topics that count as blocked. */
  blocked = 0;

  get size(): number {
    return this.#blocked.size;
  }

  /**
   * Notes a failure; returns how many there were in a row.
   * @param reason for people
   */
  failed(topic: string, uptime: number, cause: Exclude<Cause, 'value'> = 'topic', reason = ''): number {
    const failures = (this.#blocked.get(topic)?.failures ?? 0) + 1;
    const distance = Math.min(FIRST_RETRY * GROWTH[cause] ** (failures - 1), LONGEST_RETRY);
    this.#blocked.set(topic, { failures, cause, reason, failedAt: uptime, retryAt: uptime + distance });
    if (failures === BLOCKED_AFTER) this.blocked++;
    this.#waitsNoMore(topic);
    if (cause !== 'topic') this.#releasable[cause].add(topic);
    return failures;
  }

  /** The broker does not take the value, and would not take it again. Returns whether that is news. */
  valueRefused(topic: string, uptime: number, reason = ''): boolean {
    const isNews = this.#blocked.get(topic)?.cause !== 'value';
    if (!this.isBlocked(topic)) this.blocked++;
    const retryAt = uptime + LONGEST_RETRY;
    this.#blocked.set(topic, { failures: BLOCKED_AFTER, cause: 'value', reason, failedAt: uptime, retryAt });
    this.#waitsNoMore(topic);
    return isNews;
  }

  /** The topic has another value: that may be taken where the old one was not, or the right has returned meanwhile. */
  valueChanged(topic: string, kind: 'retained' | 'transient', uptime: number): void {
    const block = this.#blocked.get(topic);
    if (block === undefined || block.retryAt === BEING_TRIED) return;
    if (block.cause === 'value' && kind === 'retained') this.#try(topic, block);
    if (block.cause !== 'right') return;
    const from = block.failedAt + NEW_VALUE_RETRY_MS;
    if (from <= uptime) this.#try(topic, block);
    else block.retryAt = Math.min(block.retryAt, from);
  }

  /** The broker has returned, and may take now what it did not take before: all topics are tried at once. */
  returned(uptime: number): void {
    for (const block of this.#blocked.values()) block.retryAt = Math.min(block.retryAt, uptime);
  }

  /** The broker has the topic as it should; returns whether it was blocked. */
  succeeded(topic: string, uptime: number): boolean {
    const block = this.#blocked.get(topic);
    if (block === undefined) return false;
    this.#blocked.delete(topic);
    this.#waitsNoMore(topic);
    this.#release(block.cause, uptime);
    const wasBlocked = block.failures >= BLOCKED_AFTER;
    if (wasBlocked) this.blocked--;
    return wasBlocked;
  }

  /** Whether the broker has not taken what it was sent last. */
  refuses(topic: string): boolean {
    return this.#blocked.has(topic);
  }

  isBlocked(topic: string): boolean {
    return (this.#blocked.get(topic)?.failures ?? 0) >= BLOCKED_AFTER;
  }

  /** Whether it is only the retained value that the broker does not take, so that transient ones go on. */
  takesTransient(topic: string): boolean {
    return this.#blocked.get(topic)?.cause === 'value';
  }

  /** Why the broker did not take what it was sent last, for people; undefined where it takes the topic. */
  reasonFor(topic: string): string | undefined {
    return this.#blocked.get(topic)?.reason;
  }

  /** When the topic is tried again; undefined while it is being tried, or is not blocked. */
  retryAt(topic: string): number | undefined {
    const block = this.#blocked.get(topic);
    return block === undefined || block.retryAt === BEING_TRIED ? undefined : block.retryAt;
  }

  mustWait(topic: string, uptime: number): boolean {
    const block = this.#blocked.get(topic);
    return block !== undefined && block.retryAt !== BEING_TRIED && block.retryAt > uptime;
  }

  /** Takes out the topics whose time to be tried again has come; each waits for its outcome then. */
  due(uptime: number): string[] {
    const due = [...this.#blocked].filter(([, block]) => block.retryAt <= uptime);
    for (const [topic, block] of due) this.#try(topic, block);
    return due.map(([topic]) => topic);
  }

  /** Whether some topic waits for its time. */
  get isWaiting(): boolean {
    for (const block of this.#blocked.values()) if (block.retryAt !== BEING_TRIED) return true;
    return false;
  }

  clear(): void {
    this.#blocked.clear();
    for (const topics of Object.values(this.#releasable)) topics.clear();
    this.blocked = 0;
  }

  #try(topic: string, block: Block): void {
    block.retryAt = BEING_TRIED;
    this.#waitsNoMore(topic);
  }

  #waitsNoMore(topic: string): void {
    for (const topics of Object.values(this.#releasable)) topics.delete(topic);
  }

  /** What was not taken may be taken now, as another topic was. */
  #release(cause: Cause, uptime: number): void {
    if (cause !== 'right' && cause !== 'not stored') return;
    const topics = this.#releasable[cause];
    let released = 0;
    for (const topic of topics) {
      if (released++ === RELEASED_TOPICS) return;
      const block = this.#blocked.get(topic);
      if (block !== undefined) block.retryAt = Math.min(block.retryAt, uptime);
      topics.delete(topic);
    }
  }
}
