/**
 * The topics by name: a Map that keeps topics at rest in columns, and creates their objects on request.
 *
 * A topic is at rest when each broker holds the winner, or nothing. There may be a million of them, so they are kept as numbers in
 * columns instead of objects: that takes half the memory and no time of the garbage collector. `get` returns a copy, which is
 * as good as the original: two registers are compared by content; identity matters only within one register.
 *
 * A topic that has just changed is likely to change again, so `write` keeps it as an object, even at rest. Its owner calls `rest`
 * once that is over. An event looks its topic up once: `find` returns where the topic is, for `at`, `write` and `rest`.
 */

import { lacks } from '../../core/offer.ts';
import { isAtRest, type Register } from '../../core/register.ts';
import { RestingTopics } from './resting-topics.ts';
import { type Topic, withStatus } from './topic.ts';
import { fixedBytes, ownerOf, registerBytes } from './topic-bytes.ts';
import { TopicInUse } from './topic-in-use.ts';
import type { TopicStatus } from './topic-stats.ts';
import { TopicUsage } from './topic-usage.ts';

/** Where a topic is: an object, or its place among those at rest. Valid until the topic is written, removed, or comes to rest. */
export type Place = TopicInUse | number;

export class TopicMap {
  readonly usage = new TopicUsage();
  readonly #topics = new Map<string, Place>();
  readonly #resting: RestingTopics;

  constructor(brokers: number) {
    this.#resting = new RestingTopics(brokers);
  }

  get size(): number {
    return this.#topics.size;
  }

  /** Topics at rest. */
  get resting(): number {
    return this.#resting.size;
  }

  /** There are so many brokers from now on. */
  makeRoom(brokers: number): void {
    this.#resting.makeRoom(brokers);
  }

  get(name: string): Topic | undefined {
    const place = this.#topics.get(name);
    return place === undefined ? undefined : this.at(place);
  }

  has(name: string): boolean {
    return this.#topics.has(name);
  }

  /** Where the topic is; undefined if there is none of this name. */
  find(name: string): Place | undefined {
    return this.#topics.get(name);
  }

  /** The topic at a place. */
  at(place: Place): Topic {
    return typeof place === 'number' ? this.#resting.read(place) : place.topic;
  }

  /** Sets the topic, in columns if it may rest. */
  set(name: string, topic: Topic): void {
    const place = this.#topics.get(name);
    if (!isAtRest(topic.register) || (typeof place === 'object' && isExpectingMore(place))) {
      this.write(name, place, topic);
      return;
    }
    this.#account(name, place, topic.register, registerBytes(topic.register));
    if (typeof place === 'number') this.#resting.write(place, topic);
    else this.#topics.set(name, this.#resting.add(topic));
  }

  /**
   * Sets the topic, as an object, which it returns.
   * @param place where it is now, as `find` returned it
   */
  write(name: string, place: Place | undefined, topic: Topic): TopicInUse {
    const bytes = registerBytes(topic.register);
    this.#account(name, place, topic.register, bytes);
    if (typeof place === 'object') {
      place.topic = topic;
      place.bytes = bytes;
      return place;
    }
    if (typeof place === 'number') this.#resting.remove(place);
    const inUse = new TopicInUse(name, topic, bytes);
    this.#topics.set(name, inUse);
    return inUse;
  }

  /**
   * The topic is not expected to change soon: if it is at rest, it is kept in columns from now on. Returns whether it is.
   * @param inUse is not to be used any more then
   */
  rest({ name, topic, isUnsaved }: TopicInUse): boolean {
    if (isUnsaved || !isAtRest(topic.register)) return false;
    this.#topics.set(name, this.#resting.add(topic));
    return true;
  }

  setStatus(place: Place, status: TopicStatus): void {
    if (typeof place === 'number') this.#resting.setStatus(place, status);
    else place.topic = withStatus(place.topic, status);
  }

  delete(name: string): boolean {
    const place = this.#topics.get(name);
    if (place === undefined) return false;
    this.usage.remove(this.#ownerAt(place), fixedBytes(name) + this.#bytesAt(place));
    if (typeof place === 'number') this.#resting.remove(place);
    else place.isUnsaved = false;
    return this.#topics.delete(name);
  }

  /** The published topics of which the broker lacks something. Those at rest need no objects for that. */
  *lackingAt(broker: number): Generator<string> {
    for (const [name, place] of this.#topics) if (this.#isLacking(place, broker)) yield name;
  }

  #isLacking(place: Place, broker: number): boolean {
    if (typeof place === 'number') return this.#resting.isLacking(place, broker);
    const { register, policy } = place.topic;
    return policy.publish !== 0 && lacks(register, broker);
  }

  keys(): MapIterator<string> {
    return this.#topics.keys();
  }

  *entries(): MapIterator<[string, Topic]> {
    for (const [name, place] of this.#topics) yield [name, this.at(place)];
  }

  /** Most changes are of a known topic, whose winner comes from the same broker: then the name is not counted again. */
  #account(name: string, place: Place | undefined, register: Register, bytes: number): void {
    const owner = ownerOf(register);
    if (place === undefined) {
      this.usage.add(owner, fixedBytes(name) + bytes);
      return;
    }
    const before = this.#ownerAt(place);
    if (before === owner) {
      this.usage.grow(owner, bytes - this.#bytesAt(place));
      return;
    }
    const fixed = fixedBytes(name);
    this.usage.remove(before, fixed + this.#bytesAt(place));
    this.usage.add(owner, fixed + bytes);
  }

  #ownerAt(place: Place): number {
    return typeof place === 'number' ? this.#resting.originOf(place) : ownerOf(place.topic.register);
  }

  #bytesAt(place: Place): number {
    return typeof place === 'number' ? this.#resting.bytesOf(place) : place.bytes;
  }
}

/** What the object knows besides the topic would be lost in columns. */
function isExpectingMore({ isUnsaved, arrivedAt }: TopicInUse): boolean {
  return isUnsaved || arrivedAt !== undefined;
}
