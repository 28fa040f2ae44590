/**
 * The trash: what was deleted or overwritten within the last hour, so that a person can restore it.
 *
 * In memory, and bounded in topics, bytes and time: the oldest makes room. Of each topic there is one message: that of the last
 * deletion, of the last conflict, or the last value that was overwritten after it had stood for a minute. A value that changes
 * every second is no loss, and would displace everything else.
 */

import type { Event } from '../../core/events.ts';
import { hasWildcards, matches } from '../../core/filter.ts';
import { haveSameContent, isDeletion, type Message } from '../../core/register.ts';
import type { HybridClock } from '../../core/version.ts';
import type { ApplyEvent } from '../topics/topic-event.ts';

const MAX_TOPICS = 1_000;
const MAX_BYTES = 8 * 1024 * 1024;

/** Milliseconds for which a message is kept. */
const RETENTION_MS = 60 * 60_000;

/** Milliseconds that a value must have stood so that its overwriting counts as a loss. */
const MIN_AGE_MS = 60_000;

/** How a message was lost: deleted; overwritten; in a conflict; or because an older message was restored. */
export type Loss = 'deleted' | 'overwritten' | 'conflict' | 'undone';

export interface Discarded {
  readonly topic: string;
  readonly message: Message;
  readonly how: Loss;
  /** When it was lost, in milliseconds since 1970. */
  readonly at: number;
}

export interface TrashDeps {
  readonly clock: HybridClock;
  readonly applyEvent: ApplyEvent;
}

export class Trash {
  /** By topic, oldest first. */
  readonly #discarded = new Map<string, Discarded>();
  readonly #deps: TrashDeps;
  #bytes = 0;

  constructor(deps: TrashDeps) {
    this.#deps = deps;
  }

  /** Another message, or a deletion, has replaced a message. */
  replaced(topic: string, message: Message, by: Message, cause: Event['kind']): void {
    // An expiry is intended; a message that is written again is not lost.
    if (isDeletion(message) || cause === 'expired' || haveSameContent(message, by)) return;
    if (cause === 'restored') this.#add(topic, message, 'undone');
    else if (isDeletion(by)) this.#add(topic, message, 'deleted');
    else if (by.version.time - message.version.time >= MIN_AGE_MS) this.#add(topic, message, 'overwritten');
  }

  /** A message lost a conflict: its writer had not been shown the winner. */
  lost(topic: string, message: Message): void {
    if (!isDeletion(message)) this.#add(topic, message, 'conflict');
  }

  /** The messages of a topic, or of a topic filter; newest first. An empty filter stands for all topics. */
  list(filter: string): Discarded[] {
    this.#tidy();
    return [...this.#discarded.values()].filter(({ topic }) => isSelected(filter, topic)).reverse();
  }

  /** Restores the messages of a topic, or of a topic filter. Returns the topics. */
  restore(filter: string): string[] {
    const { clock, applyEvent } = this.#deps;
    const discarded = this.list(filter);
    const now = Date.now();
    for (const { topic, message } of discarded) {
      const { payload, properties } = message;
      this.#remove(topic);
      applyEvent(topic, { kind: 'restored', payload, properties, newVersion: clock.next(now), now });
    }
    return discarded.map(({ topic }) => topic);
  }

  #add(topic: string, message: Message, how: Loss): void {
    this.#remove(topic);
    this.#discarded.set(topic, { topic, message, how, at: Date.now() });
    this.#bytes += sizeOf(topic, message);
    this.#tidy();
  }

  #remove(topic: string): void {
    const known = this.#discarded.get(topic);
    if (known === undefined) return;
    this.#discarded.delete(topic);
    this.#bytes -= sizeOf(topic, known.message);
  }

  #tidy(): void {
    const since = Date.now() - RETENTION_MS;
    for (const { topic, at } of this.#discarded.values()) {
      if (at > since && this.#discarded.size <= MAX_TOPICS && this.#bytes <= MAX_BYTES) return;
      this.#remove(topic);
    }
  }
}

function isSelected(filter: string, topic: string): boolean {
  if (filter === '') return true;
  return hasWildcards(filter) ? matches(filter, topic) : filter === topic;
}

function sizeOf(topic: string, { payload, properties }: Message): number {
  return topic.length + payload.length + (properties?.length ?? 0);
}
