/**
 * How the read of everything ends, for `diff`: with the sentinel and quiet after it, since some brokers show the sentinel
 * first. Without a sentinel it ends with quiet. Too many messages end it in any case.
 */

import type { EndOfRead, ReadEnd } from '../retained/retained-read.ts';
import type { Sentinel } from '../retained/sentinel.ts';
import type { Inbox } from './inbox.ts';

/** Longest duration of the read. */
const READ_TIMEOUT_MS = 120_000;

/** Without a sentinel, the read ends after this time without a message. */
const QUIET_MS = 2_000;

/** The read ends after this time without a message after the sentinel. */
const SETTLE_MS = 500;

/** Longest wait for the next message before the sentinel. */
const STALL_TIMEOUT_MS = 10_000;

export class EndOfInbox implements EndOfRead {
  readonly #inbox: Inbox;
  readonly #sentinel: Sentinel | undefined;
  readonly #isTooMuch: () => boolean;
  readonly #signal: AbortSignal;
  #setGranted: () => void = () => undefined;

  constructor(inbox: Inbox, sentinel: Sentinel | undefined, isTooMuch: () => boolean, signal: AbortSignal) {
    this.#inbox = inbox;
    this.#sentinel = sentinel;
    this.#isTooMuch = isTooMuch;
    this.#signal = signal;
  }

  /** The timeouts begin with the SUBACK. */
  async wait(): Promise<ReadEnd> {
    await new Promise<void>(resolve => {
      this.#setGranted = resolve;
    });
    const isSeen = () => this.#sentinel?.isSeen === true;
    const options = { timeoutMs: READ_TIMEOUT_MS, signal: this.#signal };
    const quietMs = this.#sentinel === undefined ? QUIET_MS : STALL_TIMEOUT_MS;
    await this.#inbox.until(() => isSeen() || this.#isTooMuch(), { ...options, quietMs });
    if (!isSeen()) return 'not known';
    await this.#inbox.until(this.#isTooMuch, { ...options, quietMs: SETTLE_MS });
    return 'complete';
  }

  granted(): void {
    this.#setGranted();
  }

  stop(): void {
    // Each wait of the inbox ends by itself.
  }
}
