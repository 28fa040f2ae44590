/**
 * How a replay ends. A replay may pause, on a slow link or at a busy broker. So if the broker has shown a sentinel before, the
 * replay ends with the sentinel (`SentinelEnd`). A broker may drop the sentinel with other
 * messages that it cannot write. Then mqttrep subscribes to the sentinel again. A broker that shows it now has nothing more to
 * show. A broker that never showed a sentinel is left to quiet (`QuietEnd`).
 *
 * If the broker replays its filters in any order, the place of the sentinel tells nothing: there the sentinel must be followed
 * by quiet, and be shown once more (`settle`).
 */

import {
  type BrokerCapabilities,
  isFlagless,
  orderOf,
  showsSentinel,
} from '../capabilities/broker-capabilities.ts';
import { withTimeout } from '../timing/with-timeout.ts';
import type { ReplayActivity } from './replay-activity.ts';
import type { EndOfRead, ReadEnd } from './retained-read.ts';
import type { AroundFilters } from './sentinel.ts';

/** A replay without the sentinel ends after this time without a replayed message. */
export const QUIET_MS = 2_000;

/** A replay counts as lost, and the connection is given up, after this time without a message and without the sentinel. */
const SILENCE_TIMEOUT_MS = 60_000;

/** After this time without the sentinel it is requested again, in whatever order the broker replays. */
const SENTINEL_TIMEOUT_MS = 5 * 60_000;

/** Requests in vain after which the replay counts as lost: live messages may look like a replay that never ends. */
const MAX_LATE_REQUESTS = 2;

/** Longest wait for quiet: live messages meanwhile may look replayed. */
export const SETTLE_TIMEOUT_MS = 30_000;

/** The broker showed the sentinel before, and did not show it at the end of a replay. */
export class SentinelLostError extends Error {
  constructor(silentSeconds: number) {
    super(`nothing came for ${silentSeconds} s, and the broker did not show the end of what it retains`);
  }
}

export interface EndOfReplayDeps {
  readonly activity: ReplayActivity;
  readonly capabilities: BrokerCapabilities;
  /** Requests the sentinel alone. Resolves when it is shown, which may be never. */
  readonly requestSentinel: (() => Promise<void>) | undefined;
  /** Where the order tells nothing, quiet of this length after the sentinel ends the replay. */
  readonly settleMs: number;
}

export function endOfReplay(deps: EndOfReplayDeps): EndOfRead {
  const { capabilities, requestSentinel } = deps;
  return requestSentinel !== undefined && showsSentinel(capabilities)
    ? new SentinelEnd(deps, requestSentinel)
    : new QuietEnd(deps);
}

/**
 * After the sentinel: at once, if the broker replays filter by filter. Otherwise after quiet. A pause of the broker or the
 * link looks like quiet, so the broker has to show the sentinel again at its end; messages meanwhile start it over.
 */
export async function settle({
  activity,
  capabilities,
  requestSentinel,
  settleMs,
}: EndOfReplayDeps): Promise<void> {
  if (orderOf(capabilities) === 'filter by filter') return;
  const end = performance.now() + SETTLE_TIMEOUT_MS;
  const left = () => Math.max(0, end - performance.now());
  const request = capabilities.replayFlag === 'set' ? requestSentinel : undefined;
  do {
    await withTimeout(activity.quiet(settleMs), left(), undefined);
    activity.stop();
    activity.takeMessages();
    if (request !== undefined) await withTimeout(request(), left(), undefined);
  } while (activity.takeMessages() && performance.now() < end);
}

class SentinelEnd implements EndOfRead {
  readonly #deps: EndOfReplayDeps;
  readonly #requestSentinel: () => Promise<void>;
  /** Waits for the sentinel, however many messages arrive. */
  #late: NodeJS.Timeout | undefined;

  constructor(deps: EndOfReplayDeps, requestSentinel: () => Promise<void>) {
    this.#deps = deps;
    this.#requestSentinel = requestSentinel;
  }

  async wait(sentinel: Pick<AroundFilters, 'seen'> | undefined): Promise<ReadEnd> {
    const seen = sentinel?.seen.then((): ReadEnd => 'complete');
    const end = await Promise.race([...(seen === undefined ? [] : [seen]), this.#requested()]);
    this.stop();
    await settle(this.#deps);
    return end;
  }

  granted(): void {
    // The sentinel is awaited from the SUBSCRIBE on: some brokers replay before the SUBACK.
  }

  stop(): void {
    this.#deps.activity.stop();
    clearTimeout(this.#late);
  }

  /**
   * Resolves when the broker shows the sentinel only after it was requested again. A broker that replays filter by filter
   * shows it behind all else, so it is requested as soon as there is quiet.
   * @throws SentinelLostError
   */
  #requested(): Promise<ReadEnd> {
    const { activity, capabilities } = this.#deps;
    const isInOrder = orderOf(capabilities) === 'filter by filter';
    return new Promise((resolve, reject) => {
      let silenceMs = 0;
      let isRequested = false;
      let lateRequests = 0;
      const request = () => {
        if (isRequested) return;
        isRequested = true;
        void this.#requestSentinel().then(() => resolve(isInOrder ? 'cut' : 'not known'));
      };
      const check = () => {
        silenceMs = activity.takeMessages() ? 0 : silenceMs + QUIET_MS;
        if (silenceMs >= SILENCE_TIMEOUT_MS) {
          reject(new SentinelLostError(silenceMs / 1_000));
          return;
        }
        if (isInOrder) request();
        activity.afterQuiet(QUIET_MS, check);
      };
      const requestLate = () => {
        if (lateRequests++ === MAX_LATE_REQUESTS) {
          reject(new SentinelLostError((lateRequests * SENTINEL_TIMEOUT_MS) / 1_000));
          return;
        }
        isRequested = false;
        request();
        this.#late = setTimeout(requestLate, SENTINEL_TIMEOUT_MS);
      };
      activity.takeMessages();
      activity.afterQuiet(QUIET_MS, check);
      this.#late = setTimeout(requestLate, SENTINEL_TIMEOUT_MS);
    });
  }
}

/**
 * A broker that never sets the retain flag shows the sentinel without it, and the replay goes on behind it. Such a broker may
 * be silent for long before the sentinel; after the sentinel the usual quiet ends the replay. If it did not show the sentinel once
 * in all that time, quiet alone ends the later replays.
 */
class QuietEnd implements EndOfRead {
  readonly #deps: EndOfReplayDeps;

  constructor(deps: EndOfReplayDeps) {
    this.#deps = deps;
  }

  wait(sentinel: Pick<AroundFilters, 'seen' | 'unflagged'> | undefined): Promise<ReadEnd> {
    const seen = sentinel?.seen.then(() => settle(this.#deps)).then((): ReadEnd => 'complete');
    const { capabilities } = this.#deps;
    const isAwaited = isFlagless(capabilities) && !capabilities.hidesEnd;
    const unflagged = isAwaited ? sentinel?.unflagged : undefined;
    return Promise.race([...(seen === undefined ? [] : [seen]), this.#quiet(unflagged)]);
  }

  granted(): void {
    // Quiet is counted from the SUBSCRIBE on: some brokers replay before the SUBACK.
  }

  stop(): void {
    this.#deps.activity.stop();
  }

  #quiet(unflagged: Promise<void> | undefined): Promise<ReadEnd> {
    const { activity, settleMs } = this.#deps;
    return new Promise(resolve => {
      const end = () => resolve('not known');
      activity.afterQuiet(unflagged === undefined ? QUIET_MS : SETTLE_TIMEOUT_MS, end);
      void unflagged?.then(() => activity.afterQuiet(settleMs, end));
    });
  }
}
