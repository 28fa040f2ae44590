/**
 * Proves that we can read beneath a parent. A broker grants a SUBSCRIBE, and shows nothing, where the account may not
 * read: what is retained there then looks like absent. So a message of our own is published beside the topics in
 * question, unretained and under a last level that is reserved for it. Only if it comes back can an absence be believed.
 *
 * QoS 0, since some brokers hang up on a publish with a higher QoS that they deny. Where a broker hangs up all the same,
 * the parents are tried in halves, on new connections, so that one that is denied takes no proof from the others.
 */

import type { IPublishPacket } from 'mqtt';
import { nanoid } from 'nanoid';
import { READ_PROBE_LEVEL } from '../../core/filter.ts';
import type { Connection } from '../connection/connection.ts';
import { isRefusal } from '../connection/filter-requests.ts';

/** Longest wait for the fence, which is published last, to come back, in milliseconds. */
const FENCE_TIMEOUT_MS = 5_000;

/** A broker that delivers in any order has so many milliseconds after the fence. */
const SETTLE_MS = 500;

/** Connections that are lost over one proof, at most. */
const MAX_HANG_UPS = 8;

const OPTIONS = { qos: 0, replay: false, retainAsPublished: false } as const;

export class ReadProof {
  /** A control topic that nobody else uses: it can be read in any case, and comes back behind all others. */
  readonly #fence: string;
  #nonce = '';
  readonly #missing = new Set<string>();
  #look: () => void = () => undefined;

  /** @param fence a control topic that nobody else uses */
  constructor(fence: string) {
    this.#fence = fence;
  }

  /**
   * Resolves with those of the parents beneath which we can read.
   * @param connect a connection that gives `observe` what it receives
   */
  async prove(connect: () => Promise<Connection>, parents: readonly string[]): Promise<ReadonlySet<string>> {
    const proven = new Set<string>();
    const parts = [parents];
    let hangUps = 0;
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const connection = await connect();
      for (const parent of await this.#shown(connection, part)) proven.add(parent);
      if (!connection.hasEnded) continue;
      hangUps++;
      if (hangUps >= MAX_HANG_UPS) break;
      const half = Math.ceil(part.length / 2);
      if (part.length > 1) parts.push(part.slice(half), part.slice(0, half));
    }
    return proven;
  }

  /** Looks at a message; returns whether it was ours, and so is of no further interest. */
  observe({ topic, payload }: IPublishPacket): boolean {
    const isOurs =
      topic === this.#fence || topic === READ_PROBE_LEVEL || topic.endsWith(`/${READ_PROBE_LEVEL}`);
    if (isOurs && payload.toString() === this.#nonce) {
      this.#missing.delete(topic);
      this.#look();
    }
    return isOurs;
  }

  /** Publishes beneath the parents; resolves with those of which the message came back. */
  async #shown(connection: Connection, parents: readonly string[]): Promise<readonly string[]> {
    const topicOf = (parent: string) => `${parent}${READ_PROBE_LEVEL}`;
    const topics = parents.map(topicOf);
    this.#nonce = nanoid();
    this.#missing.clear();
    for (const topic of [...topics, this.#fence]) this.#missing.add(topic);
    const wanted = [...topics, this.#fence];
    const grants = await connection.subscribe(wanted, OPTIONS).catch(() => []);
    const granted = grants.filter(grant => !isRefusal(grant)).map(({ filter }) => filter);
    const payload = Buffer.from(this.#nonce);
    for (const topic of granted) connection.publish(topic, payload, { qos: 0 }, () => undefined);
    if (granted.length > 0) await this.#comesBack(connection, granted);
    if (!connection.hasEnded) void connection.unsubscribe(wanted);
    return parents.filter(parent => granted.includes(topicOf(parent)) && !this.#missing.has(topicOf(parent)));
  }

  /** Resolves when all of it came back, or when what did not will not come any more. */
  #comesBack(connection: Connection, topics: readonly string[]): Promise<void> {
    return new Promise(resolve => {
      let settle: NodeJS.Timeout | undefined;
      const done = () => {
        this.#look = () => undefined;
        clearTimeout(limit);
        clearTimeout(settle);
        resolve();
      };
      const limit = setTimeout(done, FENCE_TIMEOUT_MS);
      this.#look = () => {
        if (!topics.some(topic => this.#missing.has(topic))) done();
        else if (!this.#missing.has(this.#fence)) settle ??= setTimeout(done, SETTLE_MS);
      };
      void connection.closed.then(done);
      this.#look();
    });
  }
}
