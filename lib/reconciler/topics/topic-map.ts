/**
 * The topics by name: a Map that keeps those at rest in columns, and makes them again for who asks.
 *
 * At rest is a topic whose brokers hold the winner, or nothing. There may be a million of them, so they are numbers in
 * columns instead of objects: half the memory, nothing for the garbage collector to walk through, and none left behind
 * when a topic changes. What is got is a copy, as good as the original: registers are compared by what is in them, and by
 * identity only within one.
 */

import { isAtRest } from '../../core/register.ts';
import { RestingTopics } from './resting-topics.ts';
import type { Topic } from './topic.ts';
import { fixedBytes, ownerOf, registerBytes } from './topic-bytes.ts';
import { TopicUsage } from './topic-usage.ts';

export class TopicMap {
  readonly usage = new TopicUsage();
  /** A topic, or where it rests. */
  readonly #topics = new Map<string, Topic | number>();
  readonly #resting: RestingTopics;

  constructor(brokers: number) {
    this.#resting = new RestingTopics(brokers);
  }

  get size(): number {
    return this.#topics.size;
  }

  /** Topics that rest. */
  get resting(): number {
    return this.#resting.size;
  }

  /** What rests has room for more brokers, of which nothing is known. */
  makeRoom(brokers: number): void {
    this.#resting.brokers = brokers;
  }

  get(name: string): Topic | undefined {
    const kept = this.#topics.get(name);
    return typeof kept === 'number' ? this.#resting.read(kept) : kept;
  }

  has(name: string): boolean {
    return this.#topics.has(name);
  }

  set(name: string, topic: Topic): void {
    const kept = this.#topics.get(name);
    this.#account(name, kept, topic);
    if (!isAtRest(topic.register)) {
      if (typeof kept === 'number') this.#resting.remove(kept);
      this.#topics.set(name, topic);
    } else if (typeof kept === 'number') this.#resting.write(kept, topic);
    else this.#topics.set(name, this.#resting.add(topic));
  }

  delete(name: string): boolean {
    const kept = this.#topics.get(name);
    if (kept === undefined) return false;
    this.usage.remove(this.#ownerOf(kept), fixedBytes(name) + this.#bytesOf(kept));
    if (typeof kept === 'number') this.#resting.remove(kept);
    return this.#topics.delete(name);
  }

  keys(): MapIterator<string> {
    return this.#topics.keys();
  }

  *entries(): MapIterator<[string, Topic]> {
    for (const [name, kept] of this.#topics) {
      yield [name, typeof kept === 'number' ? this.#resting.read(kept) : kept];
    }
  }

  /** Of most changes the name is looked at no more: it is the same, and so is who wrote. */
  #account(name: string, kept: Topic | number | undefined, { register }: Topic): void {
    const owner = ownerOf(register);
    const bytes = registerBytes(register);
    if (kept === undefined) {
      this.usage.add(owner, fixedBytes(name) + bytes);
      return;
    }
    const before = this.#ownerOf(kept);
    if (before === owner) {
      this.usage.grow(owner, bytes - this.#bytesOf(kept));
      return;
    }
    const fixed = fixedBytes(name);
    this.usage.remove(before, fixed + this.#bytesOf(kept));
    this.usage.add(owner, fixed + bytes);
  }

  #ownerOf(kept: Topic | number): number {
    return typeof kept === 'number' ? this.#resting.originOf(kept) : ownerOf(kept.register);
  }

  #bytesOf(kept: Topic | number): number {
    return typeof kept === 'number' ? this.#resting.bytesOf(kept) : registerBytes(kept.register);
  }
}
