/** The registers of all topics, and `step` applied to them. What changed is noted for the store. */

import type { Event } from '../../core/events.ts';
import { forgettableFrom, isForgettable } from '../../core/forgetting.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { BrokerSet, Policies } from '../../core/policy.ts';
import {
  asStored,
  emptyRegister,
  expiryOf,
  type Message,
  type Register,
  withRoom,
} from '../../core/register.ts';
import { step as coreStep } from '../../core/step.ts';
import type { StoredTopic, TopicEntry } from '../../store/state-store.ts';
import { CommitQueue } from './commit-queue.ts';
import type { HeldBefore } from './held-change.ts';
import { HeldTracker } from './held-tracker.ts';
import { KeyedStates } from './keyed-states.ts';
import { isChangeToStore } from './stored-register.ts';
import { type Topic, withStatus } from './topic.ts';
import type { TopicInUse } from './topic-in-use.ts';
import { type Place, TopicMap } from './topic-map.ts';
import type { TopicPolicies } from './topic-policies.ts';
import { arrivalOf, isEverywhere, TopicStats, UNCOUNTED } from './topic-stats.ts';
import { TopicTimes } from './topic-times.ts';
import type { TopicUsage } from './topic-usage.ts';
import { UnsavedTopics } from './unsaved-topics.ts';

export type Step = typeof coreStep;

/** What the table needs of others, and what it tells them. */
export interface TableHooks {
  /** The brokers at which a topic is blocked. */
  readonly blockedAt: (topic: string) => BrokerSet;
  /** The brokers at which the deletion of a topic is held. */
  readonly deletionHeldAt: (topic: string) => BrokerSet;
  /** Whether the next tick will offer a topic to one of these brokers, which lack it. */
  readonly willOffer: (brokers: BrokerSet) => boolean;
  /** Another message has taken a winner's place. */
  readonly replaced: (topic: string, winner: Message, by: Message, event: Event) => void;
  /** What brokers held a moment ago. */
  readonly history: HeldBefore;
}

export class TopicTable {
  readonly states: KeyedStates<string, Topic>;
  readonly stats: TopicStats;
  /** What the next commit is to store. */
  readonly commits = new CommitQueue();
  readonly times = new TopicTimes();
  readonly #topics: TopicMap;
  readonly #held: HeldTracker;
  readonly #policies: TopicPolicies;
  readonly #step: Step;
  #hooks: Omit<TableHooks, 'history'> | undefined;
  /** What is known of a topic before its first event. */
  #emptyRegister: Register;

  /** @param step the core's; specs pass another one to see that it is missed */
  constructor(policies: TopicPolicies, brokers: number, step: Step = coreStep) {
    this.#step = step;
    this.#policies = policies;
    this.#emptyRegister = emptyRegister(brokers);
    this.#held = new HeldTracker(brokers);
    this.stats = new TopicStats(brokers);
    this.#topics = new TopicMap(brokers);
    this.states = new KeyedStates(this.#topics);
  }

  /** From now on these hooks are called. Comes before the first topic. */
  connect({ history, ...hooks }: TableHooks): void {
    this.#hooks = hooks;
    this.#held.keepIn(history);
  }

  get(topic: string): Topic | undefined {
    return this.states.get(topic);
  }

  /** How many topics there are, and what they take in memory. */
  get usage(): TopicUsage {
    return this.#topics.usage;
  }

  /** Takes a register from the store. */
  load(topic: string, { register: stored, seenAt, superseded }: StoredTopic): void {
    const register = asStored(stored);
    const policy = this.#policies.of(topic);
    const convergedWinner = isEverywhere(register, policy) ? register.winner : undefined;
    const loaded = {
      register,
      policy,
      seenAt: this.#held.shared(seenAt),
      convergedWinner,
      status: UNCOUNTED,
    };
    this.states.set(topic, withStatus(loaded, this.#count(topic, loaded)));
    for (const commit of seenAt) this.commits.advance(commit);
    if (superseded !== undefined) this.#held.history.load(topic, superseded);
    this.times.watch(topic, register, policy);
  }

  /** There are other filters and maybe more brokers. Returns the policies before the change. */
  configure(policies: Policies, brokers: number): Policies {
    const former = this.#policies.replace(policies);
    this.#emptyRegister = emptyRegister(brokers);
    this.#held.makeRoom(brokers);
    this.stats.makeRoom(brokers);
    this.#topics.makeRoom(brokers);
    for (const [topic, known] of this.states.entries()) {
      const { convergedWinner, status } = known;
      this.states.set(topic, {
        register: withRoom(known.register, brokers),
        policy: policies.of(topic),
        seenAt: this.#held.shared(Array.from({ length: brokers }, (_, index) => known.seenAt[index] ?? 0)),
        convergedWinner,
        status,
      });
      this.recount(topic);
    }
    return former;
  }

  /** Applies an event to a topic. */
  apply(topic: string, event: Event): Outcome {
    const place = this.#topics.find(topic);
    const known = place === undefined ? undefined : this.#topics.at(place);
    const policy = known?.policy ?? this.#policies.of(topic);
    const before = known?.register ?? this.#emptyRegister;
    const outcome = this.#step(before, event, policy);
    const { register } = outcome;
    if (register === before && known !== undefined) return outcome;
    const { winner } = before;
    const isNewWinner = winner !== register.winner;
    if (isNewWinner && winner !== undefined && register.winner !== undefined) {
      this.#hooks?.replaced(topic, winner, register.winner, event);
    }
    const earlier = place === undefined ? undefined : this.#takeArrival(topic, place);
    const arrivedAt = isNewWinner ? arrivalOf(register, event) : earlier;
    const commit = this.commits.current;
    if (event.kind !== 'refused')
      this.#held.noteUnseenPublishes(topic, known?.seenAt, before, register, commit);
    if (event.kind === 'observed') this.#held.noteUnresolved(topic, event, register, commit);
    const isHeldChanged = before.held !== register.held;
    const last = known?.convergedWinner;
    const convergedWinner = isHeldChanged
      ? this.stats.converged(last, before, register, policy, arrivedAt)
      : last;
    const changed = {
      register,
      policy,
      seenAt: isHeldChanged
        ? this.#held.changed(topic, known?.seenAt, before, register, commit)
        : (known?.seenAt ?? this.#held.notSeen),
      convergedWinner,
      status: known?.status ?? UNCOUNTED,
    };
    const inUse = this.#topics.write(topic, place, changed);
    inUse.arrivedAt = convergedWinner === last ? arrivedAt : undefined;
    this.states.changed(topic);
    // A topic rests once the commit has taken it.
    if (isChangeToStore(before, register)) this.commits.add(inUse);
    else this.#rest(inUse);
    this.times.watch(topic, register, policy);
    return outcome;
  }

  /** A broker held these values, one after the other, before the one that it is about to be seen to hold. */
  passedOver(topic: string, broker: number, digests: readonly string[]): void {
    this.#held.notePassedOver(topic, broker, digests, this.states.get(topic), this.commits.current);
  }

  /** Closes the commit: takes out the topics that changed since the last one. They are counted, and may rest from now on. */
  takeUnsaved(): UnsavedTopics {
    const unsaved = new UnsavedTopics(name => this.#stored(name, this.states.get(name)));
    const { inUse, names } = this.commits.take();
    for (const name of names) {
      const place = this.#topics.find(name);
      // It is among those in use.
      if (typeof place === 'object' && place.isUnsaved) continue;
      if (place !== undefined) this.#recount(name, place);
      unsaved.take(name, undefined);
    }
    for (const topic of inUse) {
      if (!topic.isUnsaved) continue;
      topic.isUnsaved = false;
      this.#recount(topic.name, topic);
      unsaved.take(topic.name, this.#stored(topic.name, topic.topic));
      if (this.#hooks?.willOffer(topic.topic.status.lacking) !== true) this.#rest(topic);
    }
    return unsaved;
  }

  #takeArrival(topic: string, place: Place): number | undefined {
    return typeof place === 'object' ? place.arrivedAt : this.stats.arrivals.take(topic);
  }

  /** If the topic is at rest, it is kept in columns from now on. */
  #rest(topic: TopicInUse): void {
    if (this.#topics.rest(topic) && topic.arrivedAt !== undefined)
      this.stats.arrivals.arrived(topic.name, topic.arrivedAt);
  }

  /** All topics, as they are stored. */
  *entries(): Generator<TopicEntry> {
    for (const [name, topic] of this.states.entries()) yield [name, this.#stored(name, topic) ?? topic];
  }

  #stored(name: string, topic: Topic | undefined): StoredTopic | undefined {
    if (topic === undefined) return undefined;
    const superseded = this.#held.history.of(name);
    if (superseded.length === 0) return topic;
    const { register, seenAt } = topic;
    return { register, seenAt, superseded };
  }

  /** The published topics of which the broker lacks the winner or the transient message. */
  lackingAt(broker: number): Iterable<string> {
    return this.#topics.lackingAt(broker);
  }

  /** Counts a topic as it is now. */
  recount(topic: string): void {
    const place = this.#topics.find(topic);
    if (place !== undefined) this.#recount(topic, place);
  }

  /** Counts what changed since the last commit, unless that is more topics than `most`. */
  recountUnsaved(most: number): void {
    if (this.commits.size <= most) for (const topic of this.commits.names()) this.recount(topic);
  }

  /** The topic is to be checked when its winner expires. */
  expectExpiry(topic: string): void {
    const winner = this.states.get(topic)?.register.winner;
    if (winner !== undefined) this.times.expiring.expect(topic, expiryOf(winner));
  }

  /** Forgets topics that were deleted everywhere, and topics of transient messages, long ago. */
  forget(now: number): void {
    for (const topic of this.times.forgettable.due(now)) {
      const known = this.states.get(topic);
      if (known === undefined) continue;
      if (isForgettable(known.register, known.policy, now)) this.remove(topic, known);
      else if (forgettableFrom(known.register, known.policy) > now)
        this.times.watch(topic, known.register, known.policy);
      // Any other obstacle ends with a change of the register, which brings the topic here again.
    }
  }

  /** Forgets a topic, in the store as well. */
  remove(topic: string, known: Topic): void {
    this.states.delete(topic);
    this.stats.forget(topic, known);
    this.#held.history.forget(topic);
    this.commits.removed(topic);
  }

  /** Something waits for time to pass. */
  get waitsForTime(): boolean {
    return !this.times.isEmpty || this.commits.hasUnsaved;
  }

  #recount(topic: string, place: Place): void {
    const known = this.#topics.at(place);
    const status = this.#count(topic, known);
    // Nobody watches the status: it follows from the state.
    if (status !== known.status) this.#topics.setStatus(place, status);
  }

  #count(topic: string, known: Topic): Topic['status'] {
    const hooks = this.#hooks;
    return this.stats.count(topic, known, hooks?.blockedAt(topic) ?? 0, hooks?.deletionHeldAt(topic) ?? 0);
  }
}
