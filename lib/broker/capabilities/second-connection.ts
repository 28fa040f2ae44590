/**
 * Whether a broker allows a second connection, for probes and full scans. Some brokers have one session an account, or a
 * policy that names the client id (AWS IoT Core), or use the user name as the client id. They refuse the second connection,
 * or close the first one when the second opens. Then the two connections would end each other in turns, for ever.
 *
 * The finding lasts as long as the process. It is logged once, and from then on there is one connection.
 */

import { Connection } from '../connection/connection.ts';
import type { ConnectionOptions } from '../connection/connection-options.ts';
import { ConnectError } from '../network/connect-error.ts';
import { withTimeout } from '../timing/with-timeout.ts';

/** Refusals in a row, while the first connection stands, after which no second one is opened. */
const MAX_REFUSALS = 3;
const RETRY_AFTER_REFUSAL_MS = 300;

/** The first connection may end this many times in a row as the second one opens. */
const MAX_TAKEOVERS = 2;

/** A first connection that ends within this time of the CONNACK of the second one may end because of it. */
const TAKEOVER_MS = 1_000;

/** A first connection that stood this long beside a second one did not end because of it. */
const COEXISTENCE_MS = 5_000;

/** A refusal may be temporary: the first connection that begins after this time tries a second one again. */
const RETRY_MS = 60 * 60_000;

/** The broker is known to allow no second connection. */
export class NoSecondConnectionError extends Error {}

type Open = (options: ConnectionOptions, signal?: AbortSignal) => Promise<Connection>;

export class SecondConnection {
  readonly #log: (evidence: string) => void;
  readonly #open: Open;
  #main: { readonly hasEnded: boolean } | undefined;
  #isLogged = false;
  #isPossible = true;
  #refusedAt: number | undefined;
  #refusals = 0;
  #takeovers = 0;
  #attemptedAt = Number.NEGATIVE_INFINITY;
  #openedAt = Number.NEGATIVE_INFINITY;
  #endedAt = Number.NEGATIVE_INFINITY;
  #opening: Promise<unknown> = Promise.resolve();

  /** @param log called once, with the evidence, when the broker allows no second connection */
  constructor(log: (evidence: string) => void, open: Open = Connection.open) {
    this.#log = log;
    this.#open = open;
  }

  /** A session begins on this first connection. */
  beside(main: Pick<Connection, 'hasEnded' | 'closed'>): void {
    if (this.#main === main) return;
    this.#main = main;
    void main.closed.then(() => {
      if (this.#main === main) this.#endedAt = performance.now();
    });
    if (this.#refusedAt === undefined || performance.now() - this.#refusedAt < RETRY_MS) return;
    this.#isPossible = true;
    this.#refusedAt = undefined;
  }

  get isPossible(): boolean {
    return this.#isPossible;
  }

  /**
   * Opens a second connection. After a refusal it tries again, so that a temporary refusal does not count.
   * @throws NoSecondConnectionError when the broker is known to allow none
   * @throws ConnectError
   */
  async open(options: ConnectionOptions, signal?: AbortSignal): Promise<Connection> {
    for (;;) {
      if (!this.#isPossible) throw new NoSecondConnectionError('the broker accepts one connection only');
      try {
        const connection = await this.#attempt(options, signal);
        this.#refusals = 0;
        return connection;
      } catch (error) {
        if (!this.#isRefusal(error) || signal?.aborted === true) throw error;
        this.#refused(error as ConnectError);
        if (this.#isPossible) await new Promise(resolve => setTimeout(resolve, RETRY_AFTER_REFUSAL_MS));
      }
    }
  }

  /**
   * The broker hung up on the first connection. Resolves with whether the second one seems to be the cause.
   * @param isExplained whether there is another possible cause, such as a publish in flight
   */
  async mainEnded(isExplained: boolean): Promise<boolean> {
    const attemptedAt = this.#attemptedAt;
    // Without a CONNACK of the second one, the network failed for both.
    await withTimeout(this.#opening, TAKEOVER_MS, undefined);
    const isOpened = this.#openedAt >= attemptedAt;
    const isTakeover =
      isOpened && this.#endedAt >= attemptedAt && this.#endedAt - this.#openedAt <= TAKEOVER_MS;
    this.#takeovers = isTakeover ? this.#takeovers + (isExplained ? 0.5 : 1) : 0;
    if (this.#takeovers >= MAX_TAKEOVERS && this.#isPossible) {
      this.#isPossible = false;
      this.#logOnce('it closed the first one twice when a second one was opened');
    }
    return isTakeover;
  }

  async #attempt(options: ConnectionOptions, signal: AbortSignal | undefined): Promise<Connection> {
    const now = performance.now();
    if (now - this.#openedAt > COEXISTENCE_MS && this.#endedAt < this.#openedAt) this.#takeovers = 0;
    this.#attemptedAt = now;
    const opened = this.#open(options, signal);
    this.#opening = opened.then(
      () => {
        this.#openedAt = performance.now();
      },
      () => {
        // An attempt is given up when the first connection has ended. It counts as opened then, and not as one that stood later.
        const hasMainEnded = this.#endedAt >= now;
        if (signal?.aborted === true) this.#openedAt = hasMainEnded ? this.#endedAt : performance.now();
      },
    );
    return opened;
  }

  /** The broker refuses the second connection, or hangs up on its CONNECT, while the first one stands. */
  #isRefusal(error: unknown): error is ConnectError {
    return error instanceof ConnectError && error.mayRefuseAnother && this.#main?.hasEnded === false;
  }

  #refused({ message }: ConnectError): void {
    if (++this.#refusals < MAX_REFUSALS) return;
    // From now on a single refusal is enough.
    this.#refusals = MAX_REFUSALS - 1;
    this.#isPossible = false;
    this.#refusedAt = performance.now();
    this.#logOnce(`it refused a second one three times (${message})`);
  }

  #logOnce(evidence: string): void {
    if (!this.#isLogged) this.#log(evidence);
    this.#isLogged = true;
  }
}
