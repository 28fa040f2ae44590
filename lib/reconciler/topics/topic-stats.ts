/**
 * Statistics of topics: how many are converged, diverging, blocked or deleted, of how many each broker does not hold the winner, and
 * how long changes took to converge.
 *
 * A topic is counted when its change is committed: so a flood costs one count for each topic and commit, not for each message.
 * Only the time of convergence is taken when it happens.
 */

import type { Event } from '../../core/events.ts';
import { type BrokerSet, has, type Policy } from '../../core/policy.ts';
import { isDeletion, isInSync, type Message, type Register } from '../../core/register.ts';
import type { TopicCounts, TopicState } from '../../protocol/answers.ts';
import { BOUNDS, Histogram } from '../../protocol/histogram.ts';
import { Arrivals } from './arrivals.ts';

/** How a topic was counted last; `state` is undefined if nothing was ever retained under it. */
export interface TopicStatus {
  readonly state: TopicState | undefined;
  /** Brokers that do not hold the winner, although they should. */
  readonly lacking: BrokerSet;
}

/** The status of a topic that is not counted yet. */
export const UNCOUNTED: TopicStatus = { state: undefined, lacking: 0 };

export interface Counted {
  readonly register: Register;
  readonly policy: Policy;
  readonly status: TopicStatus;
}

/** Sets of brokers whose statuses are kept to be shared. If there are more, some are created twice. */
const MAX_SHARED_STATUSES = 1_000;

export class TopicStats {
  readonly convergence = new Histogram(BOUNDS.convergence);
  /**
   * Topics that are diverging or blocked, and since when, in milliseconds of `performance.now()`. The topic that is so
   * longest comes first.
   */
  readonly divergingTopics = new Map<string, number>();
  /** Of topics at rest. A topic in use has its own. */
  readonly arrivals = new Arrivals();
  /** By broker index: topics of which the broker does not hold the winner. */
  readonly behind: number[];
  readonly #counts: Record<TopicState, number> = { converged: 0, diverging: 0, blocked: 0, deleted: 0 };
  #revision = 0;
  #divergingRevision = 0;
  /** Most topics share their status with others. By the set of brokers that lack the winner. */
  readonly #statuses = new Map<BrokerSet, TopicStatus[]>();

  constructor(brokers: number) {
    this.behind = new Array<number>(brokers).fill(0);
  }

  /** Changes with the set of topics that are counted. */
  get revision(): number {
    return this.#revision;
  }

  /** Changes with the set of topics that are diverging or blocked. */
  get divergingRevision(): number {
    return this.#divergingRevision;
  }

  /** There are so many brokers from now on. */
  makeRoom(brokers: number): void {
    while (this.behind.length < brokers) this.behind.push(0);
  }

  get counts(): TopicCounts {
    return { ...this.#counts };
  }

  /**
   * Counts a topic as it is now. Returns its status.
   * @param blocked brokers at which it is blocked
   * @param deletionHeld brokers at which its deletion is held: they do not show the topic, whatever they are believed to hold
   */
  count(topic: string, counted: Counted, blocked: BrokerSet, deletionHeld: BrokerSet): TopicStatus {
    const lacking = lackingAt(counted.register, counted.policy) | (deletionHeld & counted.policy.publish);
    return this.#recount(topic, counted.status, stateOf(counted.register, lacking, blocked), lacking);
  }

  /** The topic is forgotten. */
  forget(topic: string, counted: Counted): void {
    this.#recount(topic, counted.status, undefined, 0);
    this.arrivals.take(topic);
  }

  /**
   * What a broker holds has changed. Returns the winner that was last seen at all brokers. If the topic has just converged, the
   * time that this took is recorded.
   * @param arrivedAt when the winner arrived, if that is known
   */
  converged(
    last: Message | undefined,
    before: Register,
    after: Register,
    policy: Policy,
    arrivedAt: number | undefined,
  ): Message | undefined {
    const { winner } = after;
    if (winner === undefined || winner === last || !isEverywhere(after, policy)) return last;
    // A message for one broker only is there when it is written.
    if (arrivedAt !== undefined && before.winner === winner) {
      this.convergence.observe((performance.now() - arrivedAt) / 1000);
    }
    return winner;
  }

  #recount(
    topic: string,
    before: TopicStatus,
    state: TopicState | undefined,
    lacking: BrokerSet,
  ): TopicStatus {
    if (before.state === state && before.lacking === lacking) return before;
    if (before.state !== undefined) this.#counts[before.state]--;
    if (state !== undefined) this.#counts[state]++;
    if ((before.state === undefined) !== (state === undefined)) this.#revision++;
    this.#countBrokers(before.lacking, lacking);
    const isNowDiverging = isDiverging(state);
    if (isNowDiverging !== isDiverging(before.state)) {
      if (isNowDiverging) this.divergingTopics.set(topic, performance.now());
      else this.divergingTopics.delete(topic);
      this.#divergingRevision++;
    }
    return this.#shared(state, lacking);
  }

  #countBrokers(before: BrokerSet, after: BrokerSet): void {
    if (before === after) return;
    for (let broker = 0; broker < this.behind.length; broker++) {
      const change = Number(has(after, broker)) - Number(has(before, broker));
      this.behind[broker] = (this.behind[broker] ?? 0) + change;
    }
  }

  #shared(state: TopicState | undefined, lacking: BrokerSet): TopicStatus {
    const known = this.#statuses.get(lacking) ?? [];
    for (const status of known) if (status.state === state) return status;
    const created = { state, lacking };
    if (this.#statuses.size >= MAX_SHARED_STATUSES) this.#statuses.clear();
    this.#statuses.set(lacking, [...known, created]);
    return created;
  }
}

/** A change arrives now. What a replay shows is one only if it was written while the broker was away; else this is undefined. */
export function arrivalOf({ winner }: Register, event: Event): number | undefined {
  const isShown = event.kind === 'observed' && event.replay && winner?.version !== event.newVersion;
  return isShown ? undefined : performance.now();
}

/** Whether every broker that should hold the winner is known to hold it. */
export function isEverywhere({ winner, held }: Register, { publish }: Policy): boolean {
  if (winner === undefined) return true;
  for (let broker = 0; broker < held.length; broker++) {
    if (has(publish, broker) && !isInSync(held[broker] ?? 'unknown', winner)) return false;
  }
  return true;
}

/** Brokers that should hold the winner, and are not known to hold it. */
export function lackingAt({ winner, held }: Register, { publish }: Policy): BrokerSet {
  if (winner === undefined) return 0;
  let lacking = 0;
  for (let broker = 0; broker < held.length; broker++) {
    if (has(publish, broker) && !isInSync(held[broker] ?? 'unknown', winner)) lacking |= 1 << broker;
  }
  return lacking;
}

function isDiverging(state: TopicState | undefined): boolean {
  return state === 'diverging' || state === 'blocked';
}

function stateOf({ winner }: Register, lacking: BrokerSet, blocked: BrokerSet): TopicState | undefined {
  if (winner === undefined) return undefined;
  if ((lacking & blocked) !== 0) return 'blocked';
  if (lacking !== 0) return 'diverging';
  return isDeletion(winner) ? 'deleted' : 'converged';
}
