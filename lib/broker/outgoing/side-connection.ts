/**
 * The connection for trials: a second one, with a client id of its own, clean, without a will. It is opened when there is
 * something to try, and closed when it is idle.
 *
 * Some brokers allow one connection an account: they refuse the second one, or close the first one. Then there is none for
 * some time, and it is said. Lives as long as the actor.
 */

import type { Connection } from '../connection/connection.ts';

/** Milliseconds without a trial, after which the connection is closed. */
const IDLE_LIMIT_MS = 10_000;

/** Milliseconds before a connection is made again after a hang-up, which was expected; and after a failure, doubled. */
const RECONNECT_DELAY_MS = 20;
const RETRY_AFTER_FAILURE_MS = 1_000;

/** Failures in a row after which there is no side connection for so many milliseconds. */
const MAX_FAILURES = 3;
const UNAVAILABLE_MS = 10 * 60_000;

/** The main connection ended so many milliseconds after this one was asked for: the broker may allow one only. */
const TAKEOVER_MS = 500;
const MAX_TAKEOVERS = 3;

export type OpenSide = (signal: AbortSignal) => Promise<Connection>;

export class SideConnection {
  readonly #say: (message: string) => void;
  #open: OpenSide | undefined;
  #giveUp = new AbortController();
  #connection: Connection | undefined;
  #idle: NodeJS.Timeout | undefined;
  #failures = 0;
  #takeovers = 0;
  #openedAt = Number.NEGATIVE_INFINITY;
  #unavailableUntil = 0;

  /** @param say a warning */
  constructor(say: (message: string) => void) {
    this.#say = say;
  }

  /** A session begins: from now on it is opened like this. Undefined where the broker takes no second connection. */
  begin(open: OpenSide | undefined): void {
    this.#open = open;
    this.#giveUp = new AbortController();
  }

  get isAvailable(): boolean {
    return this.#open !== undefined && performance.now() >= this.#unavailableUntil;
  }

  /** Returns the connection; undefined where it cannot be had now. */
  async connect(): Promise<Connection | undefined> {
    clearTimeout(this.#idle);
    if (this.#connection !== undefined && !this.#connection.hasEnded) return this.#idling(this.#connection);
    const open = this.#open;
    if (open === undefined || !this.isAvailable) return undefined;
    const { signal } = this.#giveUp;
    const pause =
      this.#failures === 0 ? RECONNECT_DELAY_MS : RETRY_AFTER_FAILURE_MS * 2 ** (this.#failures - 1);
    await new Promise(resolve => setTimeout(resolve, pause));
    if (signal.aborted) return undefined;
    this.#openedAt = performance.now();
    try {
      const connection = await open(signal);
      if (signal.aborted) {
        connection.destroy();
        return undefined;
      }
      connection.receive((_packet, done) => done());
      this.#failures = 0;
      this.#openedAt = performance.now();
      this.#connection = connection;
      return this.#idling(connection);
    } catch (error) {
      if (!signal.aborted) this.failed(error);
      return undefined;
    }
  }

  /** It could not be opened. */
  failed(error: unknown): void {
    if (++this.#failures < MAX_FAILURES) return;
    this.#failures = 0;
    this.#unavailable(`a second connection is not possible (${(error as Error).message})`);
  }

  /** The broker hung up on the main connection. Returns whether this one may have provoked that. */
  mainEnded(): boolean {
    const isTakeover = performance.now() - this.#openedAt < TAKEOVER_MS;
    this.#takeovers = isTakeover ? this.#takeovers + 1 : 0;
    if (this.#takeovers >= MAX_TAKEOVERS) {
      this.#takeovers = 0;
      this.#unavailable('the broker closes the first connection when a second one is opened');
    }
    return isTakeover;
  }

  /** There is nothing to try any more. */
  disconnect(): void {
    clearTimeout(this.#idle);
    this.#giveUp.abort();
    this.#open = undefined;
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  #idling(connection: Connection): Connection {
    this.#idle = setTimeout(() => {
      connection.end().catch(() => undefined);
    }, IDLE_LIMIT_MS);
    return connection;
  }

  #unavailable(reason: string): void {
    this.#unavailableUntil = performance.now() + UNAVAILABLE_MS;
    this.#say(
      `${reason}: topics that the broker may hang up on are sent on the only one for ten minutes, each alone and after all others`,
    );
  }
}
