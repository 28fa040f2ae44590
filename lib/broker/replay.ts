/**
 * Subscribing, and waiting until the broker has replayed what it retains.
 *
 * The replay is asked for with QoS 0, because brokers cut longer ones short at a higher QoS (mosquitto after
 * 1,020 messages); the QoS that is wanted comes with a second SUBSCRIBE. Where the broker stores no sentinel
 * for us, quiet has to do.
 */

import type { IPublishPacket } from 'mqtt';
import type { QoS } from '../core/policy.ts';
import type { Subscription } from '../core/subscriptions.ts';
import type { Connection, Refusal } from './connection.ts';
import type { Sentinel } from './sentinel.ts';

/** Milliseconds without a replayed message, after which a replay counts as over though no sentinel came. */
const QUIET = 2_000;

export class Replay {
  readonly #connection: Connection;
  readonly #sentinel: Sentinel | undefined;
  #quiet: NodeJS.Timeout | undefined;

  constructor(connection: Connection, sentinel: Sentinel | undefined) {
    this.#connection = connection;
    this.#sentinel = sentinel;
  }

  /** Subscribes, and resolves at the end of the replay with the filters that the broker refused. */
  async run(subscriptions: readonly Subscription[]): Promise<Refusal[]> {
    const connection = this.#connection;
    const filters = subscriptions.map(({ filter }) => filter);
    const sentinel = this.#sentinel;
    await sentinel?.place(connection);
    const over = Promise.race([this.#quietness(), connection.closed, ...(sentinel ? [sentinel.seen()] : [])]);
    const wanted = sentinel === undefined ? filters : [...filters, sentinel.topic];
    const refused = await connection.subscribe(wanted, { qos: 0, replay: true, retainAsPublished: true });
    await over;
    clearTimeout(this.#quiet);
    if (sentinel !== undefined) {
      await connection.unsubscribe([sentinel.topic]);
      void sentinel.remove(connection);
    }
    for (const qos of [1, 2] satisfies QoS[]) {
      const higher = subscriptions
        .filter(subscription => subscription.qos === qos)
        .map(({ filter }) => filter);
      if (higher.length > 0)
        await connection.subscribe(higher, { qos, replay: false, retainAsPublished: true });
    }
    return refused.filter(({ filter }) => filter !== sentinel?.topic);
  }

  /** Looks at a message; returns whether it was only the sentinel. */
  observe(packet: IPublishPacket): boolean {
    if (packet.retain) this.#quiet?.refresh();
    return this.#sentinel?.observe(packet) ?? false;
  }

  #quietness(): Promise<void> {
    return new Promise(resolve => {
      this.#quiet = setTimeout(resolve, QUIET);
    });
  }
}
