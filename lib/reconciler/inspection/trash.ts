/**
 * The trash: what was deleted or overwritten within the last hour, so that a person can take it back.
 *
 * In memory, and bounded in topics, bytes and time: the oldest makes room. Of each topic there is one message, that of
 * the last loss worth the name: a deletion, a conflict, or that a value was overwritten which had stood for a minute. What
 * changes every second is no loss, and would sweep out all else.
 */

import type { Event } from '../../core/events.ts';
import { hasWildcards, matches } from '../../core/filter.ts';
import { haveSameContent, isDeletion, type Message } from '../../core/register.ts';
import type { HybridClock } from '../../core/version.ts';
import type { BringEvent } from '../event-handler.ts';

const MOST_TOPICS = 1_000;
const MOST_BYTES = 8 * 1024 * 1024;

/** Milliseconds. */
const KEPT_FOR = 60 * 60_000;
const STOOD_FOR = 60_000;

/** How a message was lost: deleted; overwritten; in a conflict; or by being taken back itself. */
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
  readonly bring: BringEvent;
}

export class Trash {
  /** By topic, oldest first. */
  readonly #discarded = new Map<string, Discarded>();
  readonly #deps: TrashDeps;
  #bytes = 0;

  constructor(deps: TrashDeps) {
    this.#deps = deps;
  }

  /** Another message, or none, stands in a message's place. */
  replaced(topic: string, message: Message, by: Message, cause: Event['kind']): void {
    // What expires was meant to; what is said again is not lost.
    if (isDeletion(message) || cause === 'expired' || haveSameContent(message, by)) return;
    if (cause === 'restored') this.#add(topic, message, 'undone');
    else if (isDeletion(by)) this.#add(topic, message, 'deleted');
    else if (by.version.time - message.version.time >= STOOD_FOR) this.#add(topic, message, 'overwritten');
  }

  /** A message lost against another one, which its writer had not been shown. */
  lost(topic: string, message: Message): void {
    if (!isDeletion(message)) this.#add(topic, message, 'conflict');
  }

  /** Those of a topic, or of a topic filter; newest first. An empty filter is for all. */
  list(filter: string): Discarded[] {
    this.#tidy();
    return [...this.#discarded.values()].filter(({ topic }) => isMeant(filter, topic)).reverse();
  }

  /** Writes again what is in the trash of a topic, or of a topic filter. Returns the topics. */
  restore(filter: string): string[] {
    const { clock, bring } = this.#deps;
    const meant = this.list(filter);
    const now = Date.now();
    for (const { topic, message } of meant) {
      const { payload, properties } = message;
      this.#remove(topic);
      bring(topic, { kind: 'restored', payload, properties, newVersion: clock.next(now), now });
    }
    return meant.map(({ topic }) => topic);
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
    const since = Date.now() - KEPT_FOR;
    for (const { topic, at } of this.#discarded.values()) {
      if (at > since && this.#discarded.size <= MOST_TOPICS && this.#bytes <= MOST_BYTES) return;
      this.#remove(topic);
    }
  }
}

function isMeant(filter: string, topic: string): boolean {
  if (filter === '') return true;
  return hasWildcards(filter) ? matches(filter, topic) : filter === topic;
}

function sizeOf(topic: string, { payload, properties }: Message): number {
  return topic.length + payload.length + (properties?.length ?? 0);
}
