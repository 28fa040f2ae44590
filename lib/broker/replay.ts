/**
 * The beginning of a session: what does the broker retain? First the marker that this replica left there,
 * then everything that is subscribed to.
 *
 * The replay is asked for with QoS 0, because brokers cut it short much earlier at a higher QoS (mosquitto
 * after 1,020 messages, against some 10,000); the QoS that is wanted comes with a second SUBSCRIBE. Where the broker stores no sentinel
 * for us, quiet has to do.
 */

import type { IPublishPacket } from 'mqtt';
import type { QoS } from '../core/policy.ts';
import type { Subscription } from '../core/subscriptions.ts';
import type { SessionStarted } from '../protocol/messages.ts';
import { type Connection, type Grant, isRefusal } from './connection.ts';
import type { Sentinel } from './sentinel.ts';

/** Milliseconds without a replayed message, after which a replay counts as over though no sentinel came. */
const QUIET = 2_000;

const FOUND_ONLY = { qos: 0, replay: true, retainAsPublished: true } as const;

export class Replay {
  readonly #connection: Connection;
  readonly #sentinel: Sentinel | undefined;
  readonly #markerTopic: string | undefined;
  #marker: number | undefined;
  #quiet: NodeJS.Timeout | undefined;

  constructor(connection: Connection, sentinel: Sentinel | undefined, markerTopic: string | undefined) {
    this.#connection = connection;
    this.#sentinel = sentinel;
    this.#markerTopic = markerTopic;
  }

  /**
   * Places the sentinel.
   * @throws when the broker hangs up on that
   */
  async begin(): Promise<void> {
    await this.#sentinel?.place(this.#connection);
    if (this.#connection.hasEnded)
      throw new Error('the connection was closed as a control topic was written');
  }

  /** What the broker retains of the marker. */
  async readMarker(): Promise<SessionStarted['marker']> {
    if (this.#sentinel === undefined || this.#markerTopic === undefined) return 'unknown';
    const { refused, complete } = await this.#replayed([this.#markerTopic]);
    await this.#connection.unsubscribe([this.#markerTopic]);
    if (this.#marker !== undefined) return this.#marker;
    return complete && refused.length === 0 ? 'absent' : 'unknown';
  }

  /** Subscribes, and resolves at the end of the replay with the filters that the broker refused. */
  async run(subscriptions: readonly Subscription[]): Promise<Grant[]> {
    const { refused } = await this.#replayed(subscriptions.map(({ filter }) => filter));
    if (this.#sentinel !== undefined) {
      await this.#connection.unsubscribe(this.#sentinel.topics);
      void this.#sentinel.remove(this.#connection);
    }
    return refused;
  }

  /**
   * Raises the subscriptions to the QoS that is wanted. MQTT 3.1.1 brokers replay once more, to be ignored.
   * Returns what was granted.
   */
  async raise(subscriptions: readonly Subscription[]): Promise<Grant[]> {
    const granted: Grant[] = [];
    for (const qos of [1, 2] satisfies QoS[]) {
      const filters = subscriptions
        .filter(subscription => subscription.qos === qos)
        .map(({ filter }) => filter);
      if (filters.length === 0) continue;
      const options = { qos, replay: false, retainAsPublished: true };
      granted.push(...(await this.#connection.subscribe(filters, options)));
    }
    return granted;
  }

  /** Looks at a message; returns whether it was for us, and is of no further interest. */
  observe(packet: IPublishPacket): boolean {
    if (packet.retain) this.#quiet?.refresh();
    if (packet.topic !== this.#markerTopic) return this.#sentinel?.observe(packet) ?? false;
    const number = Number(packet.payload.toString());
    if (Number.isSafeInteger(number) && packet.payload.length > 0) this.#marker = number;
    return true;
  }

  /** Subscribes, and waits for the sentinel, for quiet, or for the end of the connection. */
  async #replayed(filters: readonly string[]): Promise<{ refused: Grant[]; complete: boolean }> {
    const connection = this.#connection;
    const sentinel = this.#sentinel;
    const { wanted, seen } = sentinel?.around(filters) ?? { wanted: filters, seen: undefined };
    const over = Promise.race([
      ...(seen === undefined ? [] : [seen.then(() => true)]),
      connection.closed.then(() => false),
      new Promise<boolean>(resolve => {
        this.#quiet = setTimeout(() => resolve(false), QUIET);
      }),
    ]);
    const grants = wanted.length === 0 ? [] : await connection.subscribe(wanted, FOUND_ONLY);
    const complete = await over;
    clearTimeout(this.#quiet);
    if (connection.hasEnded) throw new Error('the connection was closed during the replay');
    const refused = grants.filter(isRefusal).filter(({ filter }) => !sentinel?.topics.includes(filter));
    return { refused, complete };
  }
}
