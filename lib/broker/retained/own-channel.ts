/**
 * Probes on a connection of their own, with its own client id. It is opened when it is needed.
 *
 * Some brokers answer nothing for a long time on a connection that unsubscribes from what they are just sending, nor on a new
 * one with the same client id. Such a connection is given up, and the next one has another client id.
 */

import { Connection } from '../connection/connection.ts';
import type { ConnectionOptions } from '../connection/connection-options.ts';
import type { SubscribeOptions } from '../connection/filter-requests.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import type { ProbeChannel } from './probe-channel.ts';
import { type EndOfRead, type Read, readRetained } from './retained-read.ts';
import type { Sentinel } from './sentinel.ts';

/** Retain-as-published is off, so that over MQTT 5 too only replayed messages have the retain flag. */
const REPLAY_ONLY: SubscribeOptions = { qos: 0, replay: true, retainAsPublished: false };

/** Longest wait for a SUBACK or UNSUBACK. */
const ANSWER_TIMEOUT_MS = 5_000;

/** Most subscriptions that are left standing, where only the end of the connection ends them. */
const MAX_STANDING = 200;

export interface OwnChannelDeps {
  readonly options: ConnectionOptions;
  /** Opens the connection, unless the signal is aborted; `Connection.open` unless given. */
  readonly open?: (options: ConnectionOptions, signal: AbortSignal) => Promise<Connection>;
  /** Receives the messages of the connection. */
  readonly receive: (packet: ReceivedMessage) => void;
}

export class OwnChannel implements ProbeChannel {
  readonly #deps: OwnChannelDeps;
  #connection: Connection | undefined;
  #placed: Sentinel | undefined;
  /** Nothing was subscribed to on this connection yet. */
  #isNew = true;
  /**
   * The broker sent retained messages before the first SUBSCRIBE. Such a broker searches all filters that any client ever
   * unsubscribed from, whenever a client connects: with 1,500 filters and topics that takes more than a second. So
   * subscriptions are left standing.
   */
  #showsUnrequested = false;
  /** Subscriptions that were left standing. */
  #standing = 0;
  /** Connections that were given up because the broker did not answer on them. */
  #givenUp = 0;
  /** Ends the attempt to open a connection. */
  readonly #abort = new AbortController();

  constructor(deps: OwnChannelDeps) {
    this.#deps = deps;
  }

  async connect(sentinel: Sentinel | undefined): Promise<Connection> {
    if (this.#standing >= MAX_STANDING) await this.close(this.#placed);
    return this.#connection ?? (await this.#open(sentinel));
  }

  together(topics: readonly string[]): readonly string[] {
    return topics;
  }

  async read(
    connection: Connection,
    topics: readonly string[],
    sentinel: Sentinel | undefined,
    endOfRead: EndOfRead,
  ): Promise<Read> {
    this.#isNew = false;
    const timer = this.#giveUpLater(connection);
    const watched: EndOfRead = {
      wait: around => endOfRead.wait(around),
      granted: () => {
        clearTimeout(timer);
        endOfRead.granted();
      },
      stop: () => {
        clearTimeout(timer);
        endOfRead.stop();
      },
    };
    const read = await readRetained(connection, sentinel, topics, REPLAY_ONLY, watched);
    const wanted = [...(sentinel?.topics ?? []), ...topics];
    if (this.#showsUnrequested) this.#standing += wanted.length;
    else this.#unsubscribe(connection, wanted).catch(() => connection.destroy());
    return read;
  }

  place(connection: Connection, sentinel: Sentinel): Promise<void> {
    this.#placed = sentinel;
    return sentinel.place(connection);
  }

  observeMain(): boolean {
    return false;
  }

  /** No connection is opened any more. */
  giveUp(): void {
    this.#abort.abort();
  }

  async close(sentinel: Sentinel | undefined): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    await sentinel?.remove(connection);
    await connection.end();
  }

  async #open(sentinel: Sentinel | undefined): Promise<Connection> {
    const { options, open = Connection.open, receive } = this.#deps;
    const suffix = this.#givenUp === 0 ? '' : this.#givenUp + 1;
    const { signal } = this.#abort;
    const connection = await open({ ...options, clientId: `${options.clientId}${suffix}` }, signal);
    if (signal.aborted) {
      // Nothing else would end it, and a broker that permits an account one connection would accept no other.
      connection.destroy();
      throw new Error('the prober was closed meanwhile');
    }
    this.#isNew = true;
    this.#standing = 0;
    connection.receive((packet, done) => {
      this.#showsUnrequested ||= this.#isNew && packet.retain;
      receive(packet);
      done();
    });
    this.#connection = connection;
    void connection.closed.then(() => {
      if (this.#connection === connection) this.#connection = undefined;
    });
    if (sentinel !== undefined) await this.place(connection, sentinel);
    return connection;
  }

  /** The next probe does not wait for the UNSUBACK. */
  async #unsubscribe(connection: Connection, filters: readonly string[]): Promise<void> {
    const timer = this.#giveUpLater(connection);
    await connection.unsubscribe(filters);
    clearTimeout(timer);
  }

  #giveUpLater(connection: Connection): NodeJS.Timeout {
    return setTimeout(() => {
      this.#givenUp++;
      if (this.#connection === connection) this.#connection = undefined;
      connection.destroy();
    }, ANSWER_TIMEOUT_MS);
  }
}
