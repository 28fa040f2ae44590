/**
 * Proves that mqttrep may read beneath a parent. A broker may grant a SUBSCRIBE and show nothing if the account may not read:
 * retained topics look absent there. So mqttrep publishes a message of its own beside these topics, not retained
 * and under a last level that is reserved for it. An absence counts only if that message is delivered.
 *
 * The message has QoS 0, since some brokers hang up on a publish with a higher QoS that they deny. If a broker hangs up all the
 * same, the parents are tried in halves on new connections, so that a denied one takes no proof from the others.
 */

import { nanoid } from 'nanoid';
import { READ_PROBE_LEVEL } from '../../core/filter.ts';
import type { Connection } from '../connection/connection.ts';
import { isRefusal } from '../connection/filter-requests.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';

/** Longest wait for the fence, which is published last. */
const FENCE_TIMEOUT_MS = 5_000;

/** A broker that delivers in any order has this time after the fence. */
const SETTLE_MS = 500;

/** Most connections that may be lost over one proof. */
const MAX_HANGUPS = 8;

const LIVE = { qos: 0, replay: false, retainAsPublished: false } as const;

export class ReadProof {
  readonly #fence: string;
  #nonce = '';
  readonly #missing = new Set<string>();
  #check: () => void = () => undefined;

  /** @param fence a control topic that nobody else uses: mqttrep may read it, and its message is delivered last */
  constructor(fence: string) {
    this.#fence = fence;
  }

  /**
   * Resolves with the parents beneath which mqttrep may read.
   * @param connect opens a connection that passes its messages to `observe`
   */
  async prove(connect: () => Promise<Connection>, parents: readonly string[]): Promise<ReadonlySet<string>> {
    const proven = new Set<string>();
    const parts = [parents];
    let hangups = 0;
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const connection = await connect();
      for (const parent of await this.#delivered(connection, part)) proven.add(parent);
      if (!connection.hasEnded) continue;
      hangups++;
      if (hangups >= MAX_HANGUPS) break;
      const half = Math.ceil(part.length / 2);
      if (part.length > 1) parts.push(part.slice(half), part.slice(0, half));
    }
    return proven;
  }

  /** Returns whether the message belongs to a proof. */
  observe({ topic, payload }: ReceivedMessage): boolean {
    const isOwn =
      topic === this.#fence || topic === READ_PROBE_LEVEL || topic.endsWith(`/${READ_PROBE_LEVEL}`);
    if (isOwn && payload.toString() === this.#nonce) {
      this.#missing.delete(topic);
      this.#check();
    }
    return isOwn;
  }

  /** Publishes beneath the parents. Resolves with the parents whose message was delivered. */
  async #delivered(connection: Connection, parents: readonly string[]): Promise<readonly string[]> {
    const topicOf = (parent: string) => `${parent}${READ_PROBE_LEVEL}`;
    const wanted = [...parents.map(topicOf), this.#fence];
    this.#nonce = nanoid();
    this.#missing.clear();
    for (const topic of wanted) this.#missing.add(topic);
    const grants = await connection.subscribe(wanted, LIVE).catch(() => []);
    const granted = grants.filter(grant => !isRefusal(grant)).map(({ filter }) => filter);
    const payload = Buffer.from(this.#nonce);
    for (const topic of granted) {
      await connection.turn();
      connection.publish(topic, payload, { qos: 0 }, () => undefined);
    }
    if (granted.length > 0) await this.#untilDelivered(connection, granted);
    if (!connection.hasEnded) void connection.unsubscribe(wanted);
    return parents.filter(parent => granted.includes(topicOf(parent)) && !this.#missing.has(topicOf(parent)));
  }

  /** Resolves when all messages were delivered, or when the others no longer can be. */
  #untilDelivered(connection: Connection, topics: readonly string[]): Promise<void> {
    return new Promise(resolve => {
      let settle: NodeJS.Timeout | undefined;
      const end = () => {
        this.#check = () => undefined;
        clearTimeout(timeout);
        clearTimeout(settle);
        resolve();
      };
      const timeout = setTimeout(end, FENCE_TIMEOUT_MS);
      this.#check = () => {
        if (!topics.some(topic => this.#missing.has(topic))) end();
        else if (!this.#missing.has(this.#fence)) settle ??= setTimeout(end, SETTLE_MS);
      };
      void connection.closed.then(end);
      this.#check();
    });
  }
}
