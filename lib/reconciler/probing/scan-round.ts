/**
 * A scan round at one broker: topics that are probed together, so that their absences are judged together. A topic may be absent
 * although the broker is believed to hold it. Then mqttrep must prove that it can read there. Rights change, so mqttrep probes the
 * topic before the proof and after it.
 *
 * A broker has one scan round at a time. Nothing waits for it: a topic that is seen meanwhile is not suspected any longer.
 */

import { parentOf } from '../../core/filter.ts';
import type { Message } from '../../core/register.ts';
import type { ReadAccess } from '../../protocol/messages.ts';

/** Parents for which one round requests a proof at most. Absences beneath others are judged in a later round. */
const MAX_PARENTS = 500;

export class ScanRound {
  /** Topics whose answer is outstanding. */
  readonly #open = new Set<string>();
  /** The absent topics, with what the broker was believed to hold. */
  readonly #absent = new Map<string, Message>();
  /** Absent topics to which a publish of ours is pending. */
  readonly #pending = new Set<string>();
  /** By parent: a topic that the broker has shown. It is probed again if no message of ours comes back from there. */
  #witnesses: ReadonlyMap<string, string> = new Map();
  /** Parents beneath which mqttrep can read. */
  readonly #readable = new Set<string>();
  /** Parents of which the proof is outstanding. */
  readonly #unproven = new Set<string>();
  #isRepeated = false;
  #priority: 'return' | 'scan' = 'scan';

  /**
   * Begins a round with these topics.
   * @param priority why: the broker did not show them when it returned, or a scan, which comes to each topic again
   * @param witnesses by parent, a topic that the broker has just shown
   */
  begin(
    topics: Iterable<string>,
    priority: 'return' | 'scan',
    witnesses: ReadonlyMap<string, string> = new Map(),
  ): void {
    this.abort();
    this.#priority = priority;
    this.#witnesses = witnesses;
    for (const topic of topics) this.#open.add(topic);
  }

  /** Why the last round was begun. */
  get priority(): 'return' | 'scan' {
    return this.#priority;
  }

  /** Answers or proofs are outstanding. */
  get isOpen(): boolean {
    return this.#open.size > 0 || this.#unproven.size > 0;
  }

  /** The topics are being probed for the second time. */
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

  /** The topic is absent, although the broker was believed to hold this. */
  absent(topic: string, held: Message): void {
    this.#absent.set(topic, held);
  }

  /** The topic is absent, and a publish of ours is pending there. Its register waits until the round is judged. */
  absentWhilePending(topic: string): void {
    this.#pending.add(topic);
  }

  /** The answer for a topic was applied. Returns whether it was the last one. */
  answered(topic: string): boolean {
    return this.#open.delete(topic) && this.#open.size === 0;
  }

  /** The topic was shown or written, so nothing follows from its absence before. */
  forgetAbsence(topic: string): void {
    if (this.#absent.size > 0) this.#absent.delete(topic);
  }

  /** Begins the proof that mqttrep can read. Returns the parents beneath which it has to be proven. */
  beginProof(): readonly string[] {
    for (const topic of [...this.#absent.keys(), ...this.#pending]) {
      if (this.#unproven.size === MAX_PARENTS) break;
      this.#unproven.add(parentOf(topic));
    }
    return [...this.#unproven];
  }

  /** Some proofs have come, or failed. Returns whether they were the last ones. */
  proved({ proven, unproven }: ReadAccess): boolean {
    if (this.#unproven.size === 0) return false;
    for (const parent of proven) this.#readable.add(parent);
    for (const parent of [...proven, ...unproven]) this.#unproven.delete(parent);
    return this.#unproven.size === 0;
  }

  /** Whether the absent topic could have been read. */
  isReadable(topic: string): boolean {
    return this.#readable.has(parentOf(topic));
  }

  /** Whether something beside the topic was shown, and may be shown again. */
  hasWitness(topic: string): boolean {
    return this.#witnesses.has(parentOf(topic));
  }

  /** Probes these topics once more, together with witnesses that prove that they could be read. Returns the witnesses. */
  repeat(topics: readonly string[]): readonly string[] {
    const parents = new Set(topics.map(parentOf).filter(parent => !this.#readable.has(parent)));
    const witnesses = [...parents].flatMap(parent => this.#witnesses.get(parent) ?? []);
    this.#isRepeated = true;
    for (const topic of [...topics, ...witnesses]) this.#open.add(topic);
    return witnesses;
  }

  /** The absent topics, with what the broker was believed to hold. */
  get absences(): ReadonlyMap<string, Message> {
    return this.#absent;
  }

  /** The absent topics to which a publish of ours is pending. */
  get pending(): readonly string[] {
    return [...this.#pending];
  }

  /** Forgets the absences so far. */
  clearAbsences(): void {
    this.#absent.clear();
    this.#pending.clear();
  }

  /** Ends the round without a judgement. Returns the topics whose registers wait for it. */
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
