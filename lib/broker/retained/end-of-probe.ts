/**
 * How the read of a probe ends: with the sentinel; at a broker that replays in any order, with quiet after it. Without a
 * sentinel it ends with quiet after the SUBACK.
 */

import type { ReplayOrder } from '../capabilities/replay-order-test.ts';
import { ReplayActivity } from './replay-activity.ts';
import type { EndOfRead, ReadEnd } from './retained-read.ts';
import type { AroundFilters } from './sentinel.ts';

/** Longest wait for the sentinel. */
const SENTINEL_TIMEOUT_MS = 5_000;

/** Longest wait for the sentinel with the retain flag after it was delivered without. */
const FLAGGED_SENTINEL_TIMEOUT_MS = 500;

/** Where the order tells nothing, quiet of this length after the sentinel ends the read. */
const SETTLE_MS = 500;

/** Without a sentinel, quiet of this length ends the read. */
const PRESENCE_QUIET_MS = 500;

export class EndOfProbe implements EndOfRead {
  readonly #order: () => ReplayOrder;
  readonly #isSeen: () => boolean;
  readonly #hasSentinel: boolean;
  readonly #activity = new ReplayActivity();
  readonly #timers: NodeJS.Timeout[] = [];
  #giveUp: () => void = () => undefined;

  /**
   * @param order read when the sentinel was shown
   * @param isSeen whether the sentinel was shown; undefined where there is none
   */
  constructor(order: () => ReplayOrder, isSeen: (() => boolean) | undefined) {
    this.#order = order;
    this.#hasSentinel = isSeen !== undefined;
    this.#isSeen = isSeen ?? (() => false);
  }

  wait(sentinel: Pick<AroundFilters, 'seen' | 'unflagged'> | undefined): Promise<ReadEnd> {
    const givenUp = new Promise<ReadEnd>(resolve => {
      this.#giveUp = () => resolve('not known');
    });
    this.#timers.push(setTimeout(this.#giveUp, SENTINEL_TIMEOUT_MS));
    // If the sentinel was also shown with the flag, the read ends with that.
    const giveUpUnflagged = () => this.#isSeen() || this.#giveUp();
    void sentinel?.unflagged.then(() =>
      this.#timers.push(setTimeout(giveUpUnflagged, FLAGGED_SENTINEL_TIMEOUT_MS)),
    );
    return Promise.race([...(sentinel === undefined ? [] : [this.#afterSentinel(sentinel.seen)]), givenUp]);
  }

  granted(): void {
    if (!this.#hasSentinel) this.#activity.afterQuiet(PRESENCE_QUIET_MS, this.#giveUp);
  }

  /** A message arrived that may belong to the read. */
  touch(): void {
    this.#activity.touch();
  }

  /** Ends the wait. */
  giveUp(): void {
    this.#giveUp();
  }

  stop(): void {
    this.#activity.stop();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #afterSentinel(seen: Promise<void>): Promise<ReadEnd> {
    await seen;
    if (this.#order() === 'any') await this.#activity.quiet(SETTLE_MS);
    return 'complete';
  }
}
