/** Why a broker may have hung up while publishes were under way: their size, or their topic. */

import { quoted } from '../../core/printable.ts';
import { SizeSuspicion } from './size-suspicion.ts';
import { TopicSuspicion } from './topic-suspicion.ts';

/** A publish that has been sent. */
export interface Sent {
  readonly topic: string;
  /** Of its packet, in bytes; 0 with QoS 0, which is not acknowledged. */
  readonly size: number;
}

export class Suspicions {
  readonly #size = new SizeSuspicion();
  readonly #topic = new TopicSuspicion();

  /** The largest packet that the broker is believed to take, in bytes; Infinity without a suspicion. */
  sizeLimit(now: number): number {
    return this.#size.limit(now);
  }

  /** Whether messages to the topic are to be sent alone, after all others. */
  isSuspect(topic: string): boolean {
    return this.#topic.isSuspect(topic);
  }

  /** Whether messages to the topic are not to be sent. */
  isConvicted(topic: string, now: number): boolean {
    return this.#topic.isConvicted(topic, now);
  }

  acknowledged({ topic, size }: Sent): void {
    this.#size.acknowledged(size);
    this.#topic.acknowledged(topic);
  }

  /** The broker hung up. Returns what is to be said, if it is known now on what. */
  hungUp(unacknowledged: readonly Sent[], now: number): string | undefined {
    const asked = unacknowledged.filter(({ size }) => size > 0);
    const size = this.#size.hungUp(
      asked.map(sent => sent.size),
      now,
    );
    const topic = this.#topic.hungUp(
      asked.map(sent => sent.topic),
      now,
    );
    if (size !== undefined)
      return `the broker hangs up on packets of ${size} bytes; none so large is sent for a while`;
    if (topic === undefined) return undefined;
    return `the broker hangs up on messages to ${quoted(topic)}; none is sent for a while`;
  }
}
