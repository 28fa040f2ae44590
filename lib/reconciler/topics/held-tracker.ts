/**
 * Follows the messages that brokers hold under a topic. It notes the commit of each change. It also notes messages that a broker
 * may have held without being seen to. The history needs both.
 */

import type { Observed } from '../../core/events.ts';
import { isProbing, type Register } from '../../core/register.ts';
import { messageDigestOf } from '../../protocol/message-digest.ts';
import { areSame, type HeldBefore, heldAt, isUnseen, NO_HISTORY } from './held-change.ts';

/** By broker index: the commit with which what it holds was last seen to change. */
export type SeenCommits = readonly number[];

export class HeldTracker {
  #history: HeldBefore = NO_HISTORY;
  #notSeen: SeenCommits;
  /** The last array: most topics of one commit share it. */
  #lastSeen: SeenCommits = [];

  constructor(brokers: number) {
    this.#notSeen = new Array<number>(brokers).fill(0);
  }

  get history(): HeldBefore {
    return this.#history;
  }

  /** From now on the history is kept here. */
  keepIn(history: HeldBefore): void {
    this.#history = history;
  }

  /** There are so many brokers from now on. */
  makeRoom(brokers: number): void {
    this.#notSeen = new Array<number>(brokers).fill(0);
  }

  /** No change was seen at any broker. */
  get notSeen(): SeenCommits {
    return this.#notSeen;
  }

  /** Notes which brokers hold something else with this commit. Returns the commits by broker. */
  changed(
    topic: string,
    seenAt: SeenCommits | undefined,
    before: Register,
    after: Register,
    until: number,
  ): SeenCommits {
    const last = seenAt ?? this.#notSeen;
    let next: number[] | undefined;
    for (let broker = 0; broker < last.length; broker++) {
      const held = heldAt(before, broker);
      const holds = heldAt(after, broker);
      if (areSame(held, holds)) continue;
      const from = last[broker] ?? 0;
      this.#history.changed(topic, broker, { before: held, after: holds, from, until });
      next ??= [...last];
      next[broker] = until;
    }
    return next === undefined ? last : this.shared(next);
  }

  /** A publish that is no longer pending, and that its broker was not seen to hold, may have been held for a while. */
  noteUnseenPublishes(
    topic: string,
    seenAt: SeenCommits | undefined,
    before: Register,
    after: Register,
    until: number,
  ): void {
    if (before.pending === after.pending) return;
    for (const entry of before.pending) {
      if (after.pending.includes(entry) || !isUnseen(entry, after)) continue;
      const { broker, message } = entry;
      const { properties } = message;
      const [payload, from] = [messageDigestOf(message.payload), unseenFrom(broker, before, seenAt, until)];
      this.#history.heldUnseen(topic, broker, { payload, properties, from, until });
    }
  }

  /**
   * mqttrep probes whether the broker retains a message that it delivered. The broker may have held that message for a moment,
   * whatever the probe finds.
   */
  noteUnresolved(
    topic: string,
    { broker, payload, retained }: Observed,
    after: Register,
    commit: number,
  ): void {
    if (retained !== undefined || payload === '' || !isProbing(after, broker)) return;
    // It is not known that the broker held the message before this commit.
    const value = { payload: messageDigestOf(payload), properties: undefined, from: commit, until: commit };
    this.#history.heldUnseen(topic, broker, value);
  }

  /** A broker held these values, one after the other, before the one that it is about to be seen to hold. */
  notePassedOver(
    topic: string,
    broker: number,
    digests: readonly string[],
    known: { readonly register: Register; readonly seenAt: SeenCommits } | undefined,
    until: number,
  ): void {
    const from = unseenFrom(broker, known?.register, known?.seenAt, until);
    for (const payload of digests)
      this.#history.heldUnseen(topic, broker, { payload, properties: undefined, from, until });
  }

  /** The same commits, as an array that topics share where they can. */
  shared(seenAt: SeenCommits): SeenCommits {
    const last = this.#lastSeen;
    let isSame = seenAt.length === last.length;
    for (let broker = 0; isSame && broker < seenAt.length; broker++) isSame = seenAt[broker] === last[broker];
    if (!isSame) this.#lastSeen = seenAt;
    return this.#lastSeen;
  }
}

/**
 * The broker may have held nothing, or an unknown message. Then nothing shows that it held the unseen value before this commit.
 */
function unseenFrom(
  broker: number,
  before: Register | undefined,
  seenAt: SeenCommits | undefined,
  commit: number,
): number {
  return typeof before?.held[broker] === 'object' ? (seenAt?.[broker] ?? 0) : commit;
}
