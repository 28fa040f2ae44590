/**
 * Topics on which a broker hangs up, though MQTT allows them (NATS does on one with a blank or a dot). Without
 * this they would be sent after each reconnect, and hold up all others for ever.
 *
 * Suspected is what was unacknowledged twice in a row when the broker hung up. A suspect is sent when nothing
 * else waits, and alone: so the broker's answer is to it. One on which it hangs up twice more is convicted, and
 * not sent for a while. Bounded by the topics; empty when all is well.
 */

/** So many times in a row it must have been alone. */
const CONVICTED_AFTER = 2;

/** Milliseconds after which it is tried again: the network may have been at fault, or the broker replaced. */
const BELIEVED_FOR = 10 * 60_000;

export class TopicSuspicion {
  /** What was unacknowledged when the broker last hung up. */
  #unacknowledged: ReadonlySet<string> = new Set();
  /** Suspects, and how often the broker hung up on them alone. */
  readonly #suspects = new Map<string, number>();
  /** Convicts, and until when they are not sent. */
  readonly #convicts = new Map<string, number>();

  isSuspect(topic: string): boolean {
    return this.#suspects.has(topic);
  }

  /** Whether the topic is not to be sent. One whose time is over is a suspect again. */
  isConvicted(topic: string, now: number): boolean {
    const until = this.#convicts.get(topic);
    if (until === undefined) return false;
    if (now < until) return true;
    this.#convicts.delete(topic);
    this.#suspects.set(topic, CONVICTED_AFTER - 1);
    return false;
  }

  acknowledged(topic: string): void {
    this.#suspects.delete(topic);
  }

  /** The broker hung up while publishes to these topics were not acknowledged. Returns one that is convicted now. */
  hungUp(unacknowledged: Iterable<string>, now: number): string | undefined {
    const topics = new Set(unacknowledged);
    const before = this.#unacknowledged;
    this.#unacknowledged = topics;
    const [only = ''] = topics;
    const times = topics.size === 1 ? this.#suspects.get(only) : undefined;
    if (times !== undefined) return this.#struck(only, times + 1, now);
    for (const topic of topics) {
      if (before.has(topic) && !this.#suspects.has(topic)) this.#suspects.set(topic, 0);
    }
    return undefined;
  }

  #struck(topic: string, times: number, now: number): string | undefined {
    this.#suspects.set(topic, times);
    if (times < CONVICTED_AFTER) return undefined;
    this.#suspects.delete(topic);
    this.#convicts.set(topic, now + BELIEVED_FOR);
    return topic;
  }
}
