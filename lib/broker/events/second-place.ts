/**
 * Whether a broker allows the event connection beside the state connection. Some brokers allow an account one connection only:
 * they refuse the second one, or close the first one when the second opens. State has the first place: the event connection is
 * opened only while the state connection stands, and after enough evidence only from time to time.
 */

import type { Connection } from '../connection/connection.ts';
import type { ConnectError } from '../network/connect-error.ts';
import { withTimeout } from '../timing/with-timeout.ts';
import type { StateConnection } from './state-connection.ts';

/** Refusals in a row while the state connection stands. */
const MAX_REFUSALS = 3;

/** Event connections in a row that closed the state connection. */
const MAX_TAKEOVERS = 3;

/** A state connection that ends within this time of the CONNACK of the event connection may end because of it. */
const TAKEOVER_MS = 1_000;

/** After a takeover the state connection has to stand this long: one that ends repeatedly has another cause. */
const STEADY_MS = 5_000;

/** A refusal may be temporary. A takeover costs the state connection each time. */
const RETRY_REFUSED_MS = 5 * 60_000;
const RETRY_TAKEOVER_MS = 60 * 60_000;

export class SecondPlace {
  readonly #state: () => StateConnection;
  readonly #log: (evidence: string, retryMinutes: number) => void;
  #refusals = 0;
  #takeovers = 0;
  /** In milliseconds of `performance.now()`. */
  #stateBeganAt = 0;

  /** @param log called when the broker seems to allow no event connection: with the evidence, and when the next attempt is */
  constructor(state: () => StateConnection, log: (evidence: string, retryMinutes: number) => void) {
    this.#state = state;
    this.#log = log;
  }

  stateBegan(): void {
    this.#stateBeganAt = performance.now();
  }

  /** The state connection stands. */
  get isFree(): boolean {
    return this.#state().isConnected;
  }

  /** Milliseconds until the state connection has stood long enough. */
  get wait(): number {
    return this.#takeovers === 0 ? 0 : Math.max(0, this.#stateBeganAt + STEADY_MS - performance.now());
  }

  /** An attempt failed. Returns the milliseconds to wait before the next one if the broker seems to allow none. */
  failed(error: ConnectError): number | undefined {
    if (!error.mayRefuseAnother || !this.isFree) {
      this.#refusals = 0;
      return undefined;
    }
    if (++this.#refusals < MAX_REFUSALS) return undefined;
    // From now on a single refusal is enough.
    this.#refusals = MAX_REFUSALS - 1;
    const evidence = `it refuses the event connection beside the state connection (${error.message})`;
    return this.#givenUp(evidence, RETRY_REFUSED_MS);
  }

  /**
   * An event connection has begun. Resolves with undefined if the state connection stays. Otherwise the event connection has
   * to end: the number is that of the milliseconds to wait before the next one.
   * @param before the attempt
   */
  async opened(
    connection: Pick<Connection, 'closed' | 'hasEnded'>,
    before: StateConnection,
  ): Promise<number | undefined> {
    this.#refusals = 0;
    await withTimeout(connection.closed, TAKEOVER_MS, undefined);
    const now = this.#state();
    const isBack = now.connections !== before.connections;
    // If the network failed, both have ended, and the state connection is not back yet.
    const isTakeover = before.isConnected && (isBack || (!now.isConnected && !connection.hasEnded));
    if (!isTakeover) {
      if (now.isConnected && !connection.hasEnded) this.#takeovers = 0;
      return undefined;
    }
    if (++this.#takeovers < MAX_TAKEOVERS) return 0;
    // From now on a single takeover is enough.
    this.#takeovers = MAX_TAKEOVERS - 1;
    return this.#givenUp(
      'it closes the state connection when the event connection begins',
      RETRY_TAKEOVER_MS,
    );
  }

  #givenUp(evidence: string, retry: number): number {
    this.#log(evidence, retry / 60_000);
    return retry;
  }
}
