/**
 * The connection for quarantined topics: a second one with its own client id, clean, without a will. It is opened when a
 * topic is to be published there, and closed when it is idle.
 *
 * Some brokers allow one connection an account: they refuse the second one, or close the first one. Then the side connection
 * is unavailable for some time, which is logged. Lives as long as the actor.
 */

import type { Connection } from '../connection/connection.ts';

/** The connection is closed after this time without a publish. */
const IDLE_TIMEOUT_MS = 10_000;

/** Delay before another connection, after a hang-up that was expected. */
const RECONNECT_DELAY_MS = 20;

/** Delay before another attempt after a failure; it doubles. */
const RETRY_AFTER_FAILURE_MS = 1_000;

/** Failures in a row after which the side connection is unavailable for a time. */
const MAX_FAILURES = 3;
const UNAVAILABLE_MS = 10 * 60_000;

/** If the main connection ends within this time after this one was opened, the broker may allow only one. */
const TAKEOVER_MS = 500;
const MAX_TAKEOVERS = 3;

/** If the network has ended the main connection, it ends this one within this time, too. */
const NETWORK_GRACE_MS = 100;

export type OpenSide = (signal: AbortSignal) => Promise<Connection>;

export class SideConnection {
  readonly #warn: (message: string) => void;
  #open: OpenSide | undefined;
  #giveUp = new AbortController();
  #connection: Connection | undefined;
  #idle: NodeJS.Timeout | undefined;
  #failures = 0;
  #takeovers = 0;
  /** Connections that the broker has accepted. */
  #accepted = 0;
  #openedAt = Number.NEGATIVE_INFINITY;
  #unavailableUntil = 0;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /**
   * A session begins.
   * @param open opens the connection; undefined where the broker allows no second one
   */
  begin(open: OpenSide | undefined): void {
    this.#open = open;
    this.#giveUp = new AbortController();
  }

  get isAvailable(): boolean {
    return this.#open !== undefined && performance.now() >= this.#unavailableUntil;
  }

  /** Resolves with the connection; undefined where it is not available now. */
  async connect(): Promise<Connection | undefined> {
    clearTimeout(this.#idle);
    if (this.#connection !== undefined && !this.#connection.hasEnded)
      return this.#closeWhenIdle(this.#connection);
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
      this.#accepted++;
      this.#openedAt = performance.now();
      this.#connection = connection;
      return this.#closeWhenIdle(connection);
    } catch (error) {
      if (!signal.aborted) this.failed(error);
      return undefined;
    }
  }

  /** The connection could not be opened. */
  failed(error: unknown): void {
    if (++this.#failures < MAX_FAILURES) return;
    this.#failures = 0;
    this.#unavailable(`a second connection is not possible (${(error as Error).message})`);
  }

  /**
   * The broker hung up on the main connection. Resolves with whether this one is the cause: it was just opened, and the network
   * carries it. That is shown if the broker accepts it after the end of the main one, or if it stands.
   */
  async mainEnded(): Promise<boolean> {
    const isRecent = performance.now() - this.#openedAt < TAKEOVER_MS;
    const accepted = this.#accepted;
    if (isRecent) await new Promise(resolve => setTimeout(resolve, NETWORK_GRACE_MS));
    const isCarried = this.#accepted > accepted || this.#connection?.hasEnded === false;
    const isTakeover = isRecent && isCarried;
    this.#takeovers = isTakeover ? this.#takeovers + 1 : 0;
    if (this.#takeovers >= MAX_TAKEOVERS) {
      this.#takeovers = 0;
      this.#unavailable('the broker closes the first connection when a second one is opened');
    }
    return isTakeover;
  }

  /** The session ends. */
  disconnect(): void {
    clearTimeout(this.#idle);
    this.#giveUp.abort();
    this.#open = undefined;
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  #closeWhenIdle(connection: Connection): Connection {
    this.#idle = setTimeout(() => {
      connection.end().catch(() => undefined);
    }, IDLE_TIMEOUT_MS);
    return connection;
  }

  #unavailable(reason: string): void {
    this.#unavailableUntil = performance.now() + UNAVAILABLE_MS;
    this.#warn(
      `${reason}; for 10 min mqttrep sends topics that the broker may hang up on by the main connection, each alone and after all others`,
    );
  }
}
