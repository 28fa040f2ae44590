/**
 * Topics whose probe the broker did not answer. Nothing follows from that, so a deletion may go unnoticed meanwhile. These topics are
 * probed again a few times, with growing delays, and are then left to anti-entropy. Topics that could not be read are probed again
 * in the same way. Bounded by the topics; empty in normal operation.
 *
 * Times are milliseconds of `performance.now()`, which goes on evenly when the machine's clock is set.
 */

interface Unanswered {
  readonly probes: number;
  retryAt: number;
}

/** Stands for the time of the next probe while a probe is in flight. */
const BEING_PROBED = Number.POSITIVE_INFINITY;

/** Milliseconds from the first unanswered probe to the next one. */
const FIRST_RETRY_MS = 1_000;

/** Factor by which the delay grows with each probe. */
const RETRY_GROWTH = 4;

/** Probes of one topic at most. Some brokers never answer: they deny the topic, or show no sentinel. */
const MAX_PROBES = 6;

/** Topics that are probed again at one time at most. */
const MAX_DUE = 500;

export class ProbeRetries {
  readonly #unanswered = new Map<string, Unanswered>();

  get size(): number {
    return this.#unanswered.size;
  }

  /**
   * The broker did not answer the probe of a topic. Returns whether the topic is probed again: not after MAX_PROBES in a row.
   */
  unanswered(topic: string, uptime: number): boolean {
    const probes = (this.#unanswered.get(topic)?.probes ?? 0) + 1;
    const isRetried = probes !== MAX_PROBES;
    if (isRetried)
      this.#unanswered.set(topic, {
        probes,
        retryAt: uptime + FIRST_RETRY_MS * RETRY_GROWTH ** (probes - 1),
      });
    else this.#unanswered.delete(topic);
    return isRetried;
  }

  /** The broker has answered. */
  answered(topic: string): void {
    this.#unanswered.delete(topic);
  }

  /** The connection is gone: at its return all topics are compared again. */
  clear(): void {
    this.#unanswered.clear();
  }

  /** Topics whose time has come. They stay due until they are `probed`. */
  due(uptime: number): string[] {
    const due: string[] = [];
    for (const [topic, { retryAt }] of this.#unanswered) {
      if (retryAt <= uptime) due.push(topic);
      if (due.length === MAX_DUE) break;
    }
    return due;
  }

  /** A probe of the topic is in flight. */
  probed(topic: string): void {
    const unanswered = this.#unanswered.get(topic);
    if (unanswered !== undefined) unanswered.retryAt = BEING_PROBED;
  }

  /** Some topic waits to be probed again. */
  get isWaiting(): boolean {
    for (const { retryAt } of this.#unanswered.values()) if (retryAt !== BEING_PROBED) return true;
    return false;
  }
}
