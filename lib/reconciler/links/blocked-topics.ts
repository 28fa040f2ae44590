/**
 * Topics that a broker does not take: it refuses them, denies them silently, or they are too large. They are retried with
 * growing delays and hold up no other topic. Bounded by the topics; empty in normal operation.
 *
 * Rights come and go. Retrying a topic that the broker denies by a reason code costs one publish, so it is retried soon, and a new
 * value is a reason to retry. Rights usually return for many topics at once: when the broker takes a topic again, a small group
 * of the others is retried, and each topic that succeeds releases another group.
 *
 * Times are milliseconds of `performance.now()`, which goes on evenly when the machine's clock is set.
 */

import type { Refusal } from '../../protocol/messages.ts';

/** Why a topic is not taken. `not stored`: the broker acknowledges a publish and then drops it. */
export type Cause = Refusal['scope'] | 'not stored';

interface Block {
  failures: number;
  cause: Cause;
  /** For people. */
  reason: string;
  /** When it failed first. */
  since: number;
  failedAt: number;
  retryAt: number;
}

/** A topic that counts as blocked. Times are milliseconds of `performance.now()`; Infinity while a retry is in flight. */
export interface RefusedTopic {
  readonly topic: string;
  /** For people. */
  readonly reason: string;
  readonly since: number;
  readonly retryAt: number;
}

/** Failures in a row after which a topic counts as blocked. */
export const BLOCKED_AFTER = 3;

/** Stands for the time of the next retry while a retry is in flight. */
const BEING_TRIED = Number.POSITIVE_INFINITY;

/** Milliseconds from the first failure to the first retry. */
const FIRST_RETRY_MS = 1_000;

/** Milliseconds between two retries at most. */
const MAX_RETRY_MS = 10 * 60_000;

/** Factor by which the delay grows with each failure; smaller where a retry costs one publish only. */
const RETRY_GROWTH = { topic: 4, right: 2, 'not stored': 4 } as const;

/** Milliseconds after a denial for which a new value is no reason to retry. */
const NEW_VALUE_RETRY_MS = 5_000;

/** Topics that are retried when the broker takes another one again. */
export const RELEASED_TOPICS = 16;

export class BlockedTopics {
  readonly #blocked = new Map<string, Block>();
  /**
   * Topics that are retried when the broker takes another topic that it denied for the same cause. The one that failed longest ago
   * comes first. A topic on which the broker hangs up is in none of them: the worker would not send it.
   */
  readonly #releasable = { right: new Set<string>(), 'not stored': new Set<string>() };

  #blockedCount = 0;

  /** Topics that count as blocked. */
  get blocked(): number {
    return this.#blockedCount;
  }

  /** Topics that the broker did not take when they were last published. */
  get size(): number {
    return this.#blocked.size;
  }

  /** Why the broker did not take the topic last, for people; undefined if the topic is not blocked. */
  reasonFor(topic: string): string | undefined {
    return this.#blocked.get(topic)?.reason;
  }

  /** Topics that count as blocked, so many at most: the one that the broker refuses longest comes first. */
  listed(most: number): RefusedTopic[] {
    const listed: RefusedTopic[] = [];
    for (const [topic, { failures, reason, since, retryAt }] of this.#blocked) {
      if (listed.length >= most) break;
      if (failures >= BLOCKED_AFTER) listed.push({ topic, reason, since, retryAt });
    }
    return listed;
  }

  /** Notes a failure. Returns how many there were in a row. */
  failed(topic: string, uptime: number, cause: Exclude<Cause, 'value'> = 'topic', reason = ''): number {
    const known = this.#blocked.get(topic);
    const failures = (known?.failures ?? 0) + 1;
    const since = known?.since ?? uptime;
    const delay = Math.min(FIRST_RETRY_MS * RETRY_GROWTH[cause] ** (failures - 1), MAX_RETRY_MS);
    this.#blocked.set(topic, { failures, cause, reason, since, failedAt: uptime, retryAt: uptime + delay });
    if (failures === BLOCKED_AFTER) this.#blockedCount++;
    this.#withdraw(topic);
    if (cause !== 'topic') this.#releasable[cause].add(topic);
    return failures;
  }

  /** The broker does not take the value, and would not take it again. Returns whether that was not known. */
  valueRefused(topic: string, uptime: number, reason = ''): boolean {
    const known = this.#blocked.get(topic);
    const isNew = known?.cause !== 'value';
    const since = known?.since ?? uptime;
    if (!this.isBlocked(topic)) this.#blockedCount++;
    const retryAt = uptime + MAX_RETRY_MS;
    const failure = { failures: BLOCKED_AFTER, cause: 'value', reason, failedAt: uptime } as const;
    this.#blocked.set(topic, { ...failure, since, retryAt });
    this.#withdraw(topic);
    return isNew;
  }

  /** The topic has another value: the broker may take it although it refused the old one, or the right may have returned. */
  valueChanged(topic: string, kind: 'retained' | 'transient', uptime: number): void {
    const block = this.#blocked.get(topic);
    if (block === undefined || block.retryAt === BEING_TRIED) return;
    if (block.cause === 'value' && kind === 'retained') this.#try(topic, block);
    if (block.cause !== 'right') return;
    const from = block.failedAt + NEW_VALUE_RETRY_MS;
    if (from <= uptime) this.#try(topic, block);
    else block.retryAt = Math.min(block.retryAt, from);
  }

  /** The broker has returned, and may take now what it did not take before: all topics are retried at once. */
  returned(uptime: number): void {
    for (const block of this.#blocked.values()) block.retryAt = Math.min(block.retryAt, uptime);
  }

  /** A person asks for it: all topics that wait for their retry are retried at once. Returns how many. */
  retryNow(uptime: number): number {
    let retried = 0;
    for (const block of this.#blocked.values()) {
      if (block.retryAt === BEING_TRIED) continue;
      block.retryAt = Math.min(block.retryAt, uptime);
      retried++;
    }
    return retried;
  }

  /** The broker has what was published. Returns whether the topic was blocked. */
  succeeded(topic: string, uptime: number): boolean {
    const block = this.#blocked.get(topic);
    if (block === undefined) return false;
    this.#blocked.delete(topic);
    this.#withdraw(topic);
    this.#release(block.cause, uptime);
    const wasBlocked = block.failures >= BLOCKED_AFTER;
    if (wasBlocked) this.#blockedCount--;
    return wasBlocked;
  }

  /** Whether the broker did not take the last publish of the topic. */
  refuses(topic: string): boolean {
    return this.#blocked.has(topic);
  }

  isBlocked(topic: string): boolean {
    return (this.#blocked.get(topic)?.failures ?? 0) >= BLOCKED_AFTER;
  }

  /** Whether the broker refuses the retained value only, so that transient messages are still sent. */
  takesTransient(topic: string): boolean {
    return this.#blocked.get(topic)?.cause === 'value';
  }

  /** When the topic is retried; undefined while a retry is in flight, and for a topic that is not blocked. */
  retryAt(topic: string): number | undefined {
    const block = this.#blocked.get(topic);
    return block === undefined || block.retryAt === BEING_TRIED ? undefined : block.retryAt;
  }

  mustWait(topic: string, uptime: number): boolean {
    const block = this.#blocked.get(topic);
    return block !== undefined && block.retryAt !== BEING_TRIED && block.retryAt > uptime;
  }

  /** Takes out the topics whose retry is due. Each one then waits for the outcome of its retry. */
  due(uptime: number): string[] {
    const due = [...this.#blocked].filter(([, block]) => block.retryAt <= uptime);
    for (const [topic, block] of due) this.#try(topic, block);
    return due.map(([topic]) => topic);
  }

  /** Some topic waits for its retry. */
  get isWaiting(): boolean {
    for (const block of this.#blocked.values()) if (block.retryAt !== BEING_TRIED) return true;
    return false;
  }

  clear(): void {
    this.#blocked.clear();
    for (const topics of Object.values(this.#releasable)) topics.clear();
    this.#blockedCount = 0;
  }

  #try(topic: string, block: Block): void {
    block.retryAt = BEING_TRIED;
    this.#withdraw(topic);
  }

  #withdraw(topic: string): void {
    for (const topics of Object.values(this.#releasable)) topics.delete(topic);
  }

  /** The broker takes a topic again: it may take others that it denied for the same cause. */
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
