/**
 * Publishes that were acknowledged, or with QoS 0 written, just before a hang-up. Some brokers acknowledge a message and then
 * hang up on it.
 */

import type { Sent } from './hangups.ts';

/** A broker hangs up within this time after it has read a message. */
const HANGUP_MS = 1_000;

/** Remembered messages of QoS 0. Of acknowledged messages only the last one is remembered. */
const MAX_WRITTEN = 16;

export class RecentlyAcknowledged {
  /** A ring buffer. */
  readonly #written: { readonly sent: Sent; readonly at: number }[] = [];
  #count = 0;
  #acknowledged: Sent | undefined;
  #acknowledgedAt = 0;

  note(sent: Sent, now: number): void {
    if (sent.size === 0) {
      this.#written[this.#count++ % MAX_WRITTEN] = { sent, at: now };
    } else {
      this.#acknowledged = sent;
      this.#acknowledgedAt = now;
    }
  }

  within(now: number): readonly Sent[] {
    const written = this.#written.filter(({ at }) => now - at < HANGUP_MS).map(({ sent }) => sent);
    const isRecent = this.#acknowledged !== undefined && now - this.#acknowledgedAt < HANGUP_MS;
    return isRecent && this.#acknowledged !== undefined ? [...written, this.#acknowledged] : written;
  }
}
