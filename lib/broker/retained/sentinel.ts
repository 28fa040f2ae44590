/**
 * A sentinel marks the end of what a broker replays: two retained messages under control topics, of which one is
 * subscribed to first and one last. RabbitMQ 3 replays a SUBSCRIBE from its last filter to its first, others the
 * other way round; when both have been seen, everything between them has.
 *
 * A sentinel that is published after the SUBACK would overtake the replay at brokers that read their
 * retained messages one by one (aedes does).
 */

import type { IPublishPacket } from 'mqtt';
import { matches } from '../../core/filter.ts';
import type { Connection } from '../connection/connection.ts';
import { type Grant, isRefusal } from '../connection/filter-requests.ts';

/** Longest wait for the broker to store a sentinel, in milliseconds. */
const STORE_LIMIT = 5_000;

/** Seconds after which an MQTT 5 broker removes a sentinel that we could not remove. */
const EXPIRY = 60 * 60;

export class Sentinel {
  readonly #first: string;
  readonly #last: string;
  readonly #nonce: string;
  /** How often each of its topics is still to be seen. */
  readonly #missing = new Map<string, number>();
  #seen: () => void = () => undefined;
  /** Its topics that came without the retain flag. */
  readonly #cameUnflagged = new Set<string>();
  #unflagged: () => void = () => undefined;
  #cameFlagged = false;
  #awaited = new Set<string>();
  /** Some of it was shown before it was asked for again. */
  #cameBefore = false;
  #shownAgain: () => void = () => undefined;
  #isExpiring = false;

  /** @param topic a control topic of one connection alone; the level below it is the sentinel's as well */
  constructor(topic: string, nonce: string) {
    this.#first = `${topic}/first`;
    this.#last = topic;
    this.#nonce = nonce;
  }

  get topics(): readonly string[] {
    return [this.#first, this.#last];
  }

  /**
   * For a SUBSCRIBE to these filters: what is to be subscribed to, in this order, and a promise that resolves when all
   * has been shown. A filter that fits the sentinel, such as `#`, shows it as well, amid all else; where a broker
   * shows it only once then, the promise is not resolved. Another resolves when all of it came without the retain flag:
   * live, because the broker acknowledged before it stored, or from one that sets no flag (Mosca).
   */
  around(filters: readonly string[]): {
    readonly wanted: string[];
    readonly seen: Promise<void>;
    readonly unflagged: Promise<void>;
  } {
    for (const topic of this.topics) {
      this.#missing.set(topic, 1 + filters.filter(filter => matches(filter, topic)).length);
    }
    this.#cameUnflagged.clear();
    this.#cameFlagged = false;
    const seen = new Promise<void>(resolve => {
      this.#seen = resolve;
    });
    const unflagged = new Promise<void>(resolve => {
      this.#unflagged = resolve;
    });
    return { wanted: [this.#first, ...filters, this.#last], seen, unflagged };
  }

  /**
   * Resolves when both of its topics are shown from now on, whatever was shown before. The answer to that may also be
   * the last that `around` waits for: a filter such as `#` has shown the sentinel amid all else, and the one at the end was
   * dropped. Then `around` is not resolved, unless nothing at all had come before.
   */
  again(): Promise<void> {
    this.#awaited = new Set(this.topics);
    this.#cameBefore = this.#cameFlagged;
    return new Promise(resolve => {
      this.#shownAgain = resolve;
    });
  }

  /**
   * How many filters of a SUBSCRIBE the broker took, where it took the first and refused all that follow. Nobody but us
   * uses the topics of the sentinel, so it is their number that was refused.
   */
  cutAt(grants: readonly Grant[]): number | undefined {
    const taken = grants.findIndex(isRefusal);
    const isCut = taken > 0 && grants.at(-1)?.filter === this.#last && grants.slice(taken).every(isRefusal);
    return isCut && grants[0]?.filter === this.#first ? taken : undefined;
  }

  /** All has been shown. */
  get isSeen(): boolean {
    return this.#missing.size === 0;
  }

  /** More than half of its time was over as it was last shown: it is to be placed again before it is gone. */
  get isExpiring(): boolean {
    return this.#isExpiring;
  }

  /** Some of it came without the retain flag: perhaps the broker shows all that it retains like that. */
  get cameUnflagged(): boolean {
    return this.#cameUnflagged.size > 0;
  }

  /** Has the broker retain the sentinel; ends in any case after a while. */
  place(connection: Connection): Promise<void> {
    this.#isExpiring = false;
    return this.#write(connection, Buffer.from(this.#nonce));
  }

  remove(connection: Connection): Promise<void> {
    return this.#write(connection, Buffer.alloc(0));
  }

  /** Some of it came with the retain flag. */
  get cameFlagged(): boolean {
    return this.#cameFlagged;
  }

  /** Looks at a message; returns whether it was the sentinel's, and so is of no further interest. */
  observe(packet: IPublishPacket): boolean {
    const { topic, payload, retain, properties } = packet;
    if (topic !== this.#first && topic !== this.#last) return false;
    if (payload.toString() !== this.#nonce) return true;
    // A broker may acknowledge before it stores: then the sentinel comes live first, ahead of the replay.
    if (!retain) {
      this.#cameUnflagged.add(topic);
      if (this.#cameUnflagged.size === this.topics.length) this.#unflagged();
      return true;
    }
    this.#cameFlagged = true;
    this.#isExpiring ||= (properties?.messageExpiryInterval ?? EXPIRY) < EXPIRY / 2;
    const isShownAgain = this.#awaited.delete(topic) && this.#awaited.size === 0;
    if (isShownAgain) this.#shownAgain();
    const times = this.#missing.get(topic) ?? 0;
    if (times > 1) this.#missing.set(topic, times - 1);
    else if (this.#missing.delete(topic) && this.isSeen && !(isShownAgain && this.#cameBefore)) this.#seen();
    return true;
  }

  async #write(connection: Connection, payload: Buffer): Promise<void> {
    const properties = { messageExpiryInterval: EXPIRY };
    const written = this.topics.map(
      topic =>
        new Promise<void>(resolve => {
          const limit = setTimeout(resolve, STORE_LIMIT);
          connection.publish(topic, payload, { qos: 1, retain: true, properties }, () => {
            clearTimeout(limit);
            resolve();
          });
        }),
    );
    await Promise.all(written);
  }
}
