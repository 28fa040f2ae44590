/**
 * The topics by name: a Map that keeps topics at rest in columns, and creates their objects on request.
 *
 * A topic is at rest when each broker holds the winner, or nothing. There may be a million of them, so they are kept as numbers in
 * columns instead of objects: that takes half the memory and no time of the garbage collector. `get` returns a copy, which is
 * as good as the original: two registers are compared by content; identity matters only within one register.
 */

import { isAtRest } from '../../core/register.ts';
import { RestingTopics } from './resting-topics.ts';
import type { Topic } from './topic.ts';
import { fixedBytes, ownerOf, registerBytes } from './topic-bytes.ts';
import { TopicUsage } from './topic-usage.ts';

export class TopicMap {
  readonly usage = new TopicUsage();
  /** A topic, or its place among those at rest. */
  readonly #topics = new Map<string, Topic | number>();
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

  /** Most changes are of a known topic, whose winner comes from the same broker: then the name is not counted again. */
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
