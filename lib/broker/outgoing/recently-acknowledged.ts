/**
 * What was settled just before a hang-up. Some brokers acknowledge a message and hang up on it then; with QoS 0 nothing is
 * acknowledged at all.
 */

import type { Sent } from './hangups.ts';

/** A broker hangs up within so many milliseconds after it has read a message. */
const WITHIN_MS = 1_000;

/** Messages of QoS 0 that are remembered. Of those that are acknowledged it is the last one. */
const REMEMBERED = 16;

export class RecentlyAcknowledged {
  /** A ring. */
  readonly #written: { readonly sent: Sent; readonly at: number }[] = [];
  #count = 0;
  #acknowledged: Sent | undefined;
  #acknowledgedAt = 0;

  note(sent: Sent, now: number): void {
    if (sent.size === 0) {
      this.#written[this.#count++ % REMEMBERED] = { sent, at: now };
    } else {
      this.#acknowledged = sent;
      this.#acknowledgedAt = now;
    }
  }

  within(now: number): readonly Sent[] {
    const written = this.#written.filter(({ at }) => now - at < WITHIN_MS).map(({ sent }) => sent);
    const isRecent = this.#acknowledged !== undefined && now - this.#acknowledgedAt < WITHIN_MS;
    return isRecent && this.#acknowledged !== undefined ? [...written, this.#acknowledged] : written;
  }
}
