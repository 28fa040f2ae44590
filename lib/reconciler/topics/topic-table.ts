/**
 * The registers of all topics, and `step` applied to them: what changed is noted for the store, what expires
 * and what may be forgotten is noted for its time.
 */

import type { Event, Observed } from '../../core/events.ts';
import type { Outcome } from '../../core/outcome.ts';
import { type BrokerSet, has, type Policies, type Policy } from '../../core/policy.ts';
import {
  emptyRegister,
  expiryOf,
  isDeletion,
  type Message,
  type Register,
  withRoom,
} from '../../core/register.ts';
import { step as coreStep, forgettableFrom, isForgettable } from '../../core/step.ts';
import { messageDigestOf } from '../../protocol/message-digest.ts';
import type { ChangedTopics, StoredTopic, TopicEntry } from '../../store/state-store.ts';
import { KeyedStates } from '../streams.ts';
import { Expiries } from './expiries.ts';
import { areSame, type HeldBefore, heldAt, NO_HISTORY, unseenPublishes } from './held-change.ts';
import type { Topic } from './topic.ts';
import { TopicMap } from './topic-map.ts';
import { isEverywhere, TopicStats, UNCOUNTED } from './topic-stats.ts';
import type { TopicUsage } from './topic-usage.ts';

export type Step = typeof coreStep;

export class TopicTable {
  readonly states: KeyedStates<string, Topic>;
  readonly stats: TopicStats;
  /** Brokers that do not take a topic: for the census. */
  blockedAt: (topic: string) => BrokerSet = () => 0;
  /** Brokers at which the deletion of a topic is held: for the census. */
  scannedAt: (topic: string) => BrokerSet = () => 0;
  /** Told when another message takes a winner's place. */
  replaced: (topic: string, winner: Message, by: Message, event: Event) => void = () => undefined;
  heldBefore: HeldBefore = NO_HISTORY;
  /** Counts the commits: a change bears the number of the commit that it goes with. */
  #sequence = 1;
  /** The last array of its kind: most topics of one commit share it. */
  #lastSeen: readonly number[] = [];
  #policies: Policies;
  #brokers: number;
  readonly #topics: TopicMap;
  readonly #step: Step;
  readonly #expiries = new Expiries();
  /** By the time at which they may be forgotten at the earliest. */
  readonly forgettable = new Expiries();
  #notSeen: readonly number[];
  #unsaved = new Set<string>();

  /** @param step the core's; another one is for tests that want to see it missed */
  constructor(policies: Policies, brokers: number, step: Step = coreStep) {
    this.#step = step;
    this.#policies = policies;
    this.#brokers = brokers;
    this.#notSeen = new Array<number>(brokers).fill(0);
    this.stats = new TopicStats(brokers);
    this.#topics = new TopicMap(brokers);
    this.states = new KeyedStates(this.#topics);
  }

  get(topic: string): Topic | undefined {
    return this.states.get(topic);
  }

  /** The last commit to which no change will be added any more. */
  get closed(): number {
    return this.#sequence - 1;
  }

  /** The commit that will hold all that has changed up to now. */
  get closing(): number {
    return this.hasUnsaved ? this.#sequence : this.closed;
  }

  /** How many topics there are, and what they take in memory. */
  get usage(): TopicUsage {
    return this.#topics.usage;
  }

  /** Takes a register from the store. */
  load(topic: string, { register: stored, seen, superseded }: StoredTopic): void {
    const register = asStored(stored);
    const policy = this.#policies.of(topic);
    const convergedWinner = isEverywhere(register, policy) ? register.winner : undefined;
    const loaded = { register, policy, seen: this.#shared(seen), convergedWinner, status: UNCOUNTED };
    const status = this.stats.count(topic, loaded, this.blockedAt(topic), this.scannedAt(topic));
    this.states.set(topic, { ...loaded, status });
    for (const at of seen) this.advance(at);
    if (superseded !== undefined) this.heldBefore.load(topic, superseded);
    this.#watchTime(topic, register, policy);
  }

  /**
   * Other filters, and room for more brokers: each topic has the policy of its filters from now on.
   * Returns what held before.
   */
  configure(policies: Policies, brokers: number): Policies {
    const former = this.#policies;
    this.#policies = policies;
    this.#brokers = brokers;
    this.#notSeen = new Array<number>(brokers).fill(0);
    this.stats.makeRoom(brokers);
    this.#topics.makeRoom(brokers);
    for (const [topic, known] of this.states.entries()) {
      this.states.set(topic, {
        ...known,
        register: withRoom(known.register, brokers),
        policy: policies.of(topic),
        seen: this.#shared(Array.from({ length: brokers }, (_, index) => known.seen[index] ?? 0)),
      });
      this.recount(topic);
    }
    return former;
  }

  /** Continues after a commit of an earlier life. */
  advance(sequence: number): void {
    this.#sequence = Math.max(this.#sequence, sequence + 1);
  }

  /** Brings an event to a topic. */
  apply(topic: string, event: Event): Outcome {
    const known = this.states.get(topic);
    const policy = known?.policy ?? this.#policies.of(topic);
    const before = known?.register ?? emptyRegister(this.#brokers);
    const outcome = this.#step(before, event, policy);
    const { register } = outcome;
    if (register === before && known !== undefined) return outcome;
    const { winner } = before;
    if (winner !== register.winner && winner !== undefined && register.winner !== undefined) {
      this.replaced(topic, winner, register.winner, event);
    }
    if (isChangeToStore(before, register)) this.#unsaved.add(topic);
    const isHeldAnew = before.held !== register.held;
    if (event.kind !== 'refused') this.#noteUnseen(topic, known?.seen, before, register);
    if (event.kind === 'observed') this.#noteUnflagged(topic, event, register);
    this.states.set(topic, {
      register,
      policy,
      seen: isHeldAnew ? this.#seen(topic, known?.seen, before, register) : (known?.seen ?? this.#notSeen),
      convergedWinner: isHeldAnew
        ? this.stats.settled(known?.convergedWinner, before, register, policy)
        : known?.convergedWinner,
      status: known?.status ?? UNCOUNTED,
    });
    this.#watchTime(topic, register, policy);
    return outcome;
  }

  /** A broker held these values, one after the other, before that which it is about to be seen to hold. */
  passedOver(topic: string, broker: number, imprints: readonly string[]): void {
    const known = this.states.get(topic);
    const until = this.#sequence;
    const from = this.#unseenFrom(broker, known?.register, known?.seen);
    for (const payload of imprints)
      this.heldBefore.heldUnseen(topic, broker, { payload, properties: undefined, from, until });
  }

  /** Nothing is added to the commit any more, though it cannot be made now: what changed goes with a later one. */
  close(): void {
    if (this.hasUnsaved) this.#sequence++;
  }

  /** Closes a commit: takes out the names of the topics that changed since the last one. */
  takeUnsaved(): ReadonlySet<string> {
    const unsaved = this.#unsaved;
    this.#unsaved = new Set();
    if (unsaved.size > 0) this.#sequence++;
    for (const topic of unsaved) this.recount(topic);
    return unsaved;
  }

  /** The topics of these names, each as it is when it is come to; undefined for one that is forgotten. */
  each(names: ReadonlySet<string>): ChangedTopics {
    const stored = (name: string) => this.#stored(name, this.states.get(name));
    return {
      size: names.size,
      *[Symbol.iterator]() {
        for (const name of names) yield [name, stored(name)] as const;
      },
    };
  }

  /** All topics, as they are stored. */
  *entries(): Generator<TopicEntry> {
    for (const [name, topic] of this.states.entries()) yield [name, this.#stored(name, topic) ?? topic];
  }

  #stored(name: string, topic: Topic | undefined): StoredTopic | undefined {
    if (topic === undefined) return undefined;
    const superseded = this.heldBefore.of(name);
    return superseded.length === 0 ? topic : { ...topic, superseded };
  }

  /** What was taken out could not be stored: it goes with the next commit. */
  putBack(topics: Iterable<string>): void {
    for (const topic of topics) this.#unsaved.add(topic);
  }

  /** Has the census count a topic as it is now. */
  recount(topic: string): void {
    const known = this.#topics.get(topic);
    if (known === undefined) return;
    const status = this.stats.count(topic, known, this.blockedAt(topic), this.scannedAt(topic));
    // Nothing that is watched: it follows from the state.
    if (status !== known.status) this.#topics.set(topic, { ...known, status });
  }

  /** Has the census count what changed since the last commit, if that is done soon. */
  recountUnsaved(most: number): void {
    if (this.#unsaved.size <= most) for (const topic of this.#unsaved) this.recount(topic);
  }

  get hasUnsaved(): boolean {
    return this.#unsaved.size > 0;
  }

  /** Takes out the topics whose winner's time may be over. */
  expiring(now: number): string[] {
    return this.#expiries.due(now);
  }

  /** Has the topic looked at again when its winner's time is over. */
  expectExpiry(topic: string): void {
    const winner = this.states.get(topic)?.register.winner;
    if (winner !== undefined) this.#expiries.expect(topic, expiryOf(winner));
  }

  /** Forgets what was deleted everywhere, and what passed through, long ago. */
  forget(now: number): void {
    for (const topic of this.forgettable.due(now)) {
      const known = this.states.get(topic);
      if (known === undefined) continue;
      if (isForgettable(known.register, known.policy, now)) this.remove(topic, known);
      else if (forgettableFrom(known.register, known.policy) > now)
        this.#watchTime(topic, known.register, known.policy);
      // What else forbids it ends with a change of the register, and that brings the topic here again.
    }
  }

  /** Forgets a topic, in the store as well. */
  remove(topic: string, known: Topic): void {
    this.states.delete(topic);
    this.stats.forget(topic, known);
    this.heldBefore.forget(topic);
    this.#unsaved.add(topic);
  }

  /** Whether time has to be looked at. */
  get waitsForTime(): boolean {
    return this.#expiries.size > 0 || this.forgettable.size > 0 || this.hasUnsaved;
  }

  /** A publish that is no longer awaited, though it was not seen to be held, may have been held for a while. */
  #noteUnseen(topic: string, seen: readonly number[] | undefined, before: Register, after: Register): void {
    const until = this.#sequence;
    for (const { broker, message } of unseenPublishes(before, after)) {
      const { properties } = message;
      const [payload, from] = [messageDigestOf(message.payload), this.#unseenFrom(broker, before, seen)];
      this.heldBefore.heldUnseen(topic, broker, { payload, properties, from, until });
    }
  }

  /** Where a broker held nothing, or nobody knows, nothing tells that it held an unseen value before this commit. */
  #unseenFrom(broker: number, before: Register | undefined, seen: readonly number[] | undefined): number {
    return typeof before?.held[broker] === 'object' ? (seen?.[broker] ?? 0) : this.#sequence;
  }

  /** A broker that is asked whether it retains what it delivered may have held that, though it holds something else by then. */
  #noteUnflagged(topic: string, { broker, payload, retained }: Observed, { probing }: Register): void {
    if (retained !== undefined || payload === '' || !has(probing, broker)) return;
    // Nothing tells that it held that before.
    const commit = this.#sequence;
    const value = { payload: messageDigestOf(payload), properties: undefined, from: commit, until: commit };
    this.heldBefore.heldUnseen(topic, broker, value);
  }

  #seen(
    topic: string,
    known: readonly number[] | undefined,
    before: Register,
    after: Register,
  ): readonly number[] {
    const last = known ?? this.#notSeen;
    const until = this.#sequence;
    const seen = last.map((from, broker) => {
      const [held, holds] = [heldAt(before, broker), heldAt(after, broker)];
      if (areSame(held, holds)) return from;
      this.heldBefore.changed(topic, broker, { before: held, after: holds, from, until });
      return until;
    });
    return this.#shared(seen);
  }

  #shared(seen: readonly number[]): readonly number[] {
    if (seen.every((at, i) => at === this.#lastSeen[i])) return this.#lastSeen;
    this.#lastSeen = seen;
    return seen;
  }

  #watchTime(topic: string, register: Register, policy: Policy): void {
    const { winner } = register;
    if (winner === undefined || isDeletion(winner))
      this.forgettable.expect(topic, forgettableFrom(register, policy));
    else this.#expiries.expect(topic, expiryOf(winner));
  }
}

/** Whether a restart has to know of the change; what passes or is being asked is of the moment. */
function isChangeToStore(before: Register, after: Register): boolean {
  return (
    before.winner !== after.winner ||
    before.held !== after.held ||
    before.pending !== after.pending ||
    before.unretained !== after.unretained ||
    before.tombstone !== after.tombstone
  );
}

/** A register without what was of the moment; itself, if there is nothing of that. */
function asStored(register: Register): Register {
  const pending = register.pending.filter(({ retained }) => retained);
  const isOfMoment = register.transient !== undefined || (register.probing | register.staleProbes) !== 0;
  if (!isOfMoment && pending.length === register.pending.length) return register;
  return { ...register, transient: undefined, pending, probing: 0, staleProbes: 0, unresolved: [] };
}
