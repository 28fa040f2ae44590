/**
 * Whether a broker lets us have a second connection, for probes and full scans. Some have one session an account, or a
 * policy that names the client id, or take the user name for the client id: they refuse the second connection, or close
 * the first one when the second comes. Then two connections would throw each other out in turns, for ever.
 *
 * Remembered as long as the process lives: what is found out here is said once, and from then on there is one connection.
 */

import { ConnectError } from '../connection/connect-error.ts';
import { Connection, type ConnectionOptions } from '../connection/connection.ts';

/** Refusals in a row, while the first connection stands, after which there is no second one. */
const MAX_REFUSALS = 3;
const RETRY_AFTER_REFUSAL_MS = 300;

/** So many times in a row the first connection may end as the second one comes. */
const MAX_TAKEOVERS = 2;

/** What ends so many milliseconds after the CONNACK of the second connection may end because of it. */
const TAKEOVER_MS = 1_000;

/** A first connection that stood so many milliseconds beside a second one was not thrown out by that. */
const STOOD_MS = 5_000;

/** A refusal may be a fault of the moment: with the first connection that begins after so many milliseconds it is tried again. */
const REFUSED_FOR_MS = 60 * 60_000;

/**
 * CONNACK codes for the client id, the credentials, missing rights, or a quota: of MQTT 3.1.1 (§3.2.2.3), and of MQTT 5
 * (§3.2.2.2).
 */
const REFUSED: ReadonlySet<number> = new Set([0x02, 0x04, 0x05, 0x85, 0x86, 0x87, 0x8a, 0x8c, 0x97]);

/** It is known that the broker lets us have none. */
export class NoSecondConnectionError extends Error {}

type Open = (options: ConnectionOptions, signal?: AbortSignal) => Promise<Connection>;

export class SecondConnection {
  readonly #say: (evidence: string) => void;
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

  /** @param say tells once that there is none, with the evidence */
  constructor(say: (evidence: string) => void, open: Open = Connection.open) {
    this.#say = say;
    this.#open = open;
  }

  /** A session begins on the first connection. */
  beside(main: Pick<Connection, 'hasEnded' | 'closed'>): void {
    if (this.#main === main) return;
    this.#main = main;
    void main.closed.then(() => {
      if (this.#main === main) this.#endedAt = performance.now();
    });
    if (this.#refusedAt === undefined || performance.now() - this.#refusedAt < REFUSED_FOR_MS) return;
    this.#isPossible = true;
    this.#refusedAt = undefined;
  }

  get isPossible(): boolean {
    return this.#isPossible;
  }

  /**
   * Opens it. A refusal is made sure of before this returns.
   * @throws NoSecondConnectionError where it is known that the broker refuses it, or closes the first one
   * @throws ConnectError
   */
  async open(options: ConnectionOptions, signal?: AbortSignal): Promise<Connection> {
    for (;;) {
      if (!this.#isPossible) throw new NoSecondConnectionError('the broker takes one connection only');
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
   * The broker hung up on the first connection. Resolves with whether the second one seems to be why.
   * @param isExplained whether something else may be why, such as a publish that was in flight
   */
  async mainEnded(isExplained: boolean): Promise<boolean> {
    const askedAt = this.#attemptedAt;
    // Without a CONNACK it was the network that failed, for both.
    await Promise.race([this.#opening, new Promise(resolve => setTimeout(resolve, TAKEOVER_MS))]);
    const isOpened = this.#openedAt >= askedAt;
    const isTakeover = isOpened && this.#endedAt >= askedAt && this.#endedAt - this.#openedAt <= TAKEOVER_MS;
    this.#takeovers = isTakeover ? this.#takeovers + (isExplained ? 0.5 : 1) : 0;
    if (this.#takeovers >= MAX_TAKEOVERS && this.#isPossible) {
      this.#isPossible = false;
      this.#tell('it closed the first one twice when a second one was opened');
    }
    return isTakeover;
  }

  async #attempt(options: ConnectionOptions, signal: AbortSignal | undefined): Promise<Connection> {
    const now = performance.now();
    if (now - this.#openedAt > STOOD_MS && this.#endedAt < this.#openedAt) this.#takeovers = 0;
    this.#attemptedAt = now;
    const opened = this.#open(options, signal);
    const isDone = () => {
      this.#openedAt = performance.now();
    };
    // Who gives it up does so because the first one has ended.
    this.#opening = opened.then(isDone, () => {
      if (signal?.aborted === true) isDone();
    });
    return opened;
  }

  /** The broker refuses it, or hangs up on its CONNECT, while the first one stands. */
  #isRefusal(error: unknown): error is ConnectError {
    if (!(error instanceof ConnectError) || this.#main === undefined || this.#main.hasEnded) return false;
    return error.code === undefined ? error.wasConnected : REFUSED.has(error.code);
  }

  #refused({ message }: ConnectError): void {
    if (++this.#refusals < MAX_REFUSALS) return;
    // Once it has been refused so often, one more will do.
    this.#refusals = MAX_REFUSALS - 1;
    this.#isPossible = false;
    this.#refusedAt = performance.now();
    this.#tell(`it refused a second one three times (${message})`);
  }

  #tell(evidence: string): void {
    if (!this.#isLogged) this.#say(evidence);
    this.#isLogged = true;
  }
}
