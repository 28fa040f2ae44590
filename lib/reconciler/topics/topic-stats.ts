/**
 * The census: how many topics are converged, diverging, blocked or deleted, how many each broker lags behind, and
 * how long changes took to be everywhere.
 *
 * A topic is counted anew when what changed is stored, so a flood costs one look a topic and commit, not one a
 * message. Only the moment at which a change is everywhere is caught as it passes.
 */

import { type BrokerSet, has, type Policy } from '../../core/policy.ts';
import { isDeletion, isInSync, type Message, type Register } from '../../core/register.ts';
import { BOUNDS, Histogram } from '../../protocol/histogram.ts';
import type { TopicCounts, TopicState } from '../../status/api.ts';

/** How a topic was counted last; `state` is undefined for one under which nothing was ever retained. */
export interface TopicStatus {
  readonly state: TopicState | undefined;
  /** Brokers that do not hold what they should. */
  readonly lacking: BrokerSet;
}

/** For what is not counted yet. */
export const UNCOUNTED: TopicStatus = { state: undefined, lacking: 0 };

export interface Counted {
  readonly register: Register;
  readonly policy: Policy;
  readonly status: TopicStatus;
}

/** Standings that are kept to be shared; among so many brokers that there are more, some are made twice. */
const MAX_SHARED = 1_000;

export class TopicStats {
  readonly convergence = new Histogram(BOUNDS.convergence);
  /** Topics that are diverging or blocked. */
  readonly divergingTopics = new Set<string>();
  /** Changes with the set of topics that are counted. */
  revision = 0;
  /** Changes with the set of topics that differ. */
  divergingRevision = 0;
  /** By broker index: topics of which it does not hold what it should. */
  readonly behind: number[];
  readonly #counts: Record<TopicState, number> = { converged: 0, diverging: 0, blocked: 0, deleted: 0 };
  /** Most topics share the standing of another one. */
  readonly #statuses = new Map<string, TopicStatus>();

  constructor(brokers: number) {
    this.behind = new Array<number>(brokers).fill(0);
  }

  /** More brokers are to be counted. */
  makeRoom(brokers: number): void {
    while (this.behind.length < brokers) this.behind.push(0);
  }

  get counts(): TopicCounts {
    return { ...this.#counts };
  }

  /**
   * Counts a topic as it is now, and returns how.
   * @param blocked brokers that do not take it
   * @param doubted brokers that show it no more, though nobody was heard deleting it: they lack it, whatever is believed
   */
  count(topic: string, counted: Counted, blocked: BrokerSet, doubted: BrokerSet): TopicStatus {
    const lacking = lackingAt(counted.register, counted.policy) | (doubted & counted.policy.publish);
    return this.#recount(topic, counted.status, stateOf(counted.register, lacking, blocked), lacking);
  }

  /** The topic is forgotten. */
  forget(topic: string, counted: Counted): void {
    this.#recount(topic, counted.status, undefined, 0);
  }

  /**
   * What a broker holds has changed: returns the winner that was last seen everywhere, and notes how long that
   * took if it is everywhere now.
   */
  settled(last: Message | undefined, before: Register, after: Register, policy: Policy): Message | undefined {
    const { winner } = after;
    if (winner === undefined || winner === last || !isEverywhere(after, policy)) return last;
    // What only one broker is to have was everywhere when it came; what came with a first contact is of no time.
    if (before.winner === winner && winner.version.time > 0) {
      this.convergence.observe((Date.now() - winner.version.time) / 1000);
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
    if ((before.state === undefined) !== (state === undefined)) this.revision++;
    this.#countBrokers(before.lacking, lacking);
    const differs = state === 'diverging' || state === 'blocked';
    if (differs !== this.divergingTopics.has(topic)) {
      if (differs) this.divergingTopics.add(topic);
      else this.divergingTopics.delete(topic);
      this.divergingRevision++;
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
    const key = `${state} ${lacking}`;
    const known = this.#statuses.get(key);
    if (known !== undefined) return known;
    const made = { state, lacking };
    if (this.#statuses.size >= MAX_SHARED) this.#statuses.clear();
    this.#statuses.set(key, made);
    return made;
  }
}

/** Whether every broker that is to have the winner is known to hold it. */
export function isEverywhere({ winner, held }: Register, { publish }: Policy): boolean {
  if (winner === undefined) return true;
  for (let broker = 0; broker < held.length; broker++) {
    if (has(publish, broker) && !isInSync(held[broker] ?? 'unknown', winner)) return false;
  }
  return true;
}

/** Brokers that are to have the winner, and are not known to hold it. */
export function lackingAt({ winner, held }: Register, { publish }: Policy): BrokerSet {
  if (winner === undefined) return 0;
  let lacking = 0;
  for (let broker = 0; broker < held.length; broker++) {
    if (has(publish, broker) && !isInSync(held[broker] ?? 'unknown', winner)) lacking |= 1 << broker;
  }
  return lacking;
}

function stateOf({ winner }: Register, lacking: BrokerSet, blocked: BrokerSet): TopicState | undefined {
  if (winner === undefined) return undefined;
  if ((lacking & blocked) !== 0) return 'blocked';
  if (lacking !== 0) return 'diverging';
  return isDeletion(winner) ? 'deleted' : 'converged';
}
