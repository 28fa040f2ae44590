/**
 * A look at a broker: topics that it is asked for together, so that what is absent is judged together. Of what is absent
 * though the broker is believed to retain it, it has to be proven that it could be read: rights come and go, so it is
 * asked for, then it is proven that we can read beside it, then it is asked for once more.
 *
 * One look at a time is open at a broker. Nothing waits for it: a topic that is seen meanwhile is suspected no longer.
 */

import { parentOf } from '../../core/filter.ts';
import type { Message } from '../../core/register.ts';
import type { ReadAccess } from '../../protocol/messages.ts';

/** Parents that one look has proven at most. What is absent beneath others is looked at again. */
const MAX_PARENTS = 500;

export class ScanRound {
  readonly #open = new Set<string>();
  /** What the broker was believed to retain under the topics that are absent. */
  readonly #absent = new Map<string, Message>();
  readonly #pending = new Set<string>();
  /** Topics that the broker has shown, by their parents: they are asked for again where no message of ours comes back. */
  #witnesses: ReadonlyMap<string, string> = new Map();
  readonly #readable = new Set<string>();
  readonly #unproven = new Set<string>();
  #isRepeated = false;
  /** Of the last look. */
  priority: 'return' | 'scan' = 'scan';

  /**
   * These topics are asked for.
   * @param priority why: what the broker did not show when it returned, or a scan, which comes round again
   * @param witnesses a topic that the broker has just shown, by its parent
   */
  begin(
    asked: Iterable<string>,
    priority: 'return' | 'scan',
    witnesses: ReadonlyMap<string, string> = new Map(),
  ): void {
    this.abort();
    this.priority = priority;
    this.#witnesses = witnesses;
    for (const topic of asked) this.#open.add(topic);
  }

  /** Whether answers, or proofs, are outstanding. */
  get isOpen(): boolean {
    return this.#open.size > 0 || this.#unproven.size > 0;
  }

  /** Whether its topics are asked for the second time. */
  get isRepeated(): boolean {
    return this.#isRepeated;
  }

  awaits(topic: string): boolean {
    return this.#open.has(topic);
  }

  /** The broker has shown the topic. */
  shown(topic: string): void {
    if (this.#isRepeated) this.#readable.add(parentOf(topic));
  }

  /** It has not, though it was believed to retain this. */
  absent(topic: string, held: Message): void {
    this.#absent.set(topic, held);
  }

  /** Nor this one, to which something of ours is on its way: its register waits until that is decided. */
  absentWhilePending(topic: string): void {
    this.#pending.add(topic);
  }

  /** The answer was taken in. Returns whether it was the last one. */
  answered(topic: string): boolean {
    return this.#open.delete(topic) && this.#open.size === 0;
  }

  /** The topic was written, or shown: nothing is to be concluded from its absence any more. */
  seen(topic: string): void {
    if (this.#absent.size > 0) this.#absent.delete(topic);
  }

  /** Takes down beneath which parents it has to be proven that we can read, and returns them. */
  beginProof(): readonly string[] {
    for (const topic of [...this.#absent.keys(), ...this.#pending]) {
      if (this.#unproven.size === MAX_PARENTS) break;
      this.#unproven.add(parentOf(topic));
    }
    return [...this.#unproven];
  }

  /** Returns whether no other proof is outstanding, now that these are not. */
  proved({ proven, unproven }: ReadAccess): boolean {
    if (this.#unproven.size === 0) return false;
    for (const parent of proven) this.#readable.add(parent);
    for (const parent of [...proven, ...unproven]) this.#unproven.delete(parent);
    return this.#unproven.size === 0;
  }

  /** Whether what is absent could have been read. */
  isReadable(topic: string): boolean {
    return this.#readable.has(parentOf(topic));
  }

  /** Whether something beside the topic was shown, and may be again. */
  hasWitness(topic: string): boolean {
    return this.#witnesses.has(parentOf(topic));
  }

  /** These topics are asked for once more, and what proves that they could be read. Returns that. */
  repeat(asked: readonly string[]): readonly string[] {
    const parents = new Set(asked.map(parentOf).filter(parent => !this.#readable.has(parent)));
    const witnesses = [...parents].flatMap(parent => this.#witnesses.get(parent) ?? []);
    this.#isRepeated = true;
    for (const topic of [...asked, ...witnesses]) this.#open.add(topic);
    return witnesses;
  }

  /** What is absent, and what the broker was believed to retain there. */
  get absences(): ReadonlyMap<string, Message> {
    return this.#absent;
  }

  /** What is absent though something of ours was on its way there. */
  get pending(): readonly string[] {
    return [...this.#pending];
  }

  /** Takes out all that is absent so far. */
  clearAbsences(): void {
    this.#absent.clear();
    this.#pending.clear();
  }

  /** Nothing is asked or concluded any more. Returns the topics of which the registers wait for that. */
  abort(): readonly string[] {
    const waiting = this.pending;
    this.#open.clear();
    this.clearAbsences();
    this.#witnesses = new Map();
    this.#readable.clear();
    this.#unproven.clear();
    this.#isRepeated = false;
    return waiting;
  }
}
