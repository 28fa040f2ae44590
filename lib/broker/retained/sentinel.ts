/**
 * A sentinel marks the end of a replay. It is two retained messages under control topics; one topic is subscribed to first,
 * the other one last. Some brokers replay a SUBSCRIBE from its last filter to its first. When both messages have been shown,
 * everything between them has.
 *
 * The sentinel is placed before the SUBSCRIBE. At brokers that read their retained messages one by one, a message that is
 * published after the SUBACK would overtake the replay.
 */

import { matches } from '../../core/filter.ts';
import type { Connection } from '../connection/connection.ts';
import { type Grant, isRefusal } from '../connection/filter-requests.ts';
import { publishAcknowledged } from '../connection/publish-acknowledged.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';

/** Longest wait for the broker to store a sentinel. */
const STORE_TIMEOUT_MS = 5_000;

/** An MQTT 5 broker removes a sentinel after this time that mqttrep could not remove. */
const EXPIRY_SECONDS = 60 * 60;

/** A SUBSCRIBE with a sentinel around its filters. */
export interface AroundFilters {
  /** What to subscribe to, in this order. */
  readonly wanted: string[];
  /** Resolves when everything has been shown. */
  readonly seen: Promise<void>;
  /** Resolves when the whole sentinel was delivered without the retain flag. */
  readonly unflagged: Promise<void>;
}

export class Sentinel {
  readonly #first: string;
  readonly #last: string;
  readonly #nonce: string;
  /** How many more times each of its topics has to be shown. */
  readonly #missing = new Map<string, number>();
  #seen: () => void = () => undefined;
  /** Its topics that were delivered without the retain flag. */
  readonly #cameUnflagged = new Set<string>();
  #unflagged: () => void = () => undefined;
  #cameFlagged = false;
  /** Its topics that were requested again and not shown yet. */
  #requested = new Set<string>();
  /** A part was shown before it was requested again. */
  #cameBefore = false;
  #shownAgain: () => void = () => undefined;
  #isExpiring = false;

  /** @param topic a control topic of one connection alone; the level below it belongs to the sentinel as well */
  constructor(topic: string, nonce: string) {
    this.#first = `${topic}/first`;
    this.#last = topic;
    this.#nonce = nonce;
  }

  get topics(): readonly string[] {
    return [this.#first, this.#last];
  }

  /**
   * Puts the sentinel around the filters of a SUBSCRIBE. A filter that matches the sentinel, such as `#`, shows it as well, in
   * the middle of the replay. At a broker that shows it only once then, `seen` is never resolved. `unflagged` resolves in two
   * cases. The broker acknowledged the sentinel before storing it, and delivered it live. Or the broker never sets the flag.
   */
  around(filters: readonly string[]): AroundFilters {
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
   * Resolves when both topics are shown from now on, whatever was shown before. These may also be the last messages that
   * `around` waits for: a filter such as `#` has shown the sentinel in the middle, and the broker dropped the one at the end.
   * Then `seen` is not resolved, unless nothing at all was shown before.
   */
  again(): Promise<void> {
    this.#requested = new Set(this.topics);
    this.#cameBefore = this.#cameFlagged;
    return new Promise(resolve => {
      this.#shownAgain = resolve;
    });
  }

  /**
   * How many filters of a SUBSCRIBE the broker accepted, if it accepted the first ones and refused all others. Nobody else uses
   * the topics of the sentinel, so the broker refused the number of filters.
   */
  cutAt(grants: readonly Grant[]): number | undefined {
    const accepted = grants.findIndex(isRefusal);
    const isCut =
      accepted > 0 && grants.at(-1)?.filter === this.#last && grants.slice(accepted).every(isRefusal);
    return isCut && grants[0]?.filter === this.#first ? accepted : undefined;
  }

  /** Everything has been shown. */
  get isSeen(): boolean {
    return this.#missing.size === 0;
  }

  /** When last shown, more than half of its time was over: it has to be placed again before it expires. */
  get isExpiring(): boolean {
    return this.#isExpiring;
  }

  /** A part was delivered without the retain flag: perhaps the broker shows all retained messages without it. */
  get cameUnflagged(): boolean {
    return this.#cameUnflagged.size > 0;
  }

  /** All of it was delivered without the retain flag. */
  get cameWholeUnflagged(): boolean {
    return this.#cameUnflagged.size === this.topics.length;
  }

  /** A part was delivered with the retain flag. */
  get cameFlagged(): boolean {
    return this.#cameFlagged;
  }

  /** Resolves when the broker retains the sentinel, or after a timeout. */
  place(connection: Connection): Promise<void> {
    this.#isExpiring = false;
    return this.#write(connection, this.#nonce);
  }

  remove(connection: Connection): Promise<void> {
    return this.#write(connection, '');
  }

  /** Returns whether the message belongs to the sentinel. */
  observe(packet: ReceivedMessage): boolean {
    const { topic, payload, retain, properties } = packet;
    if (topic !== this.#first && topic !== this.#last) return false;
    if (payload.toString() !== this.#nonce) return true;
    // A broker may acknowledge before it stores: then the sentinel is delivered live, ahead of the replay.
    if (!retain) {
      this.#cameUnflagged.add(topic);
      if (this.cameWholeUnflagged) this.#unflagged();
      return true;
    }
    this.#cameFlagged = true;
    this.#isExpiring ||= (properties?.messageExpiryInterval ?? EXPIRY_SECONDS) < EXPIRY_SECONDS / 2;
    const isShownAgain = this.#requested.delete(topic) && this.#requested.size === 0;
    if (isShownAgain) this.#shownAgain();
    const times = this.#missing.get(topic) ?? 0;
    if (times > 1) this.#missing.set(topic, times - 1);
    else if (this.#missing.delete(topic) && this.isSeen && !(isShownAgain && this.#cameBefore)) this.#seen();
    return true;
  }

  async #write(connection: Connection, payload: string): Promise<void> {
    const properties = { messageExpiryInterval: EXPIRY_SECONDS };
    const options = { qos: 1, retain: true, properties } as const;
    await Promise.all(
      this.topics.map(topic => publishAcknowledged(connection, topic, payload, options, STORE_TIMEOUT_MS)),
    );
  }
}
