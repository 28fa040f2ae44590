/**
 * Answers the requests of the main thread: measures, lists of topics, one topic in detail, the trash.
 *
 * It only reads. Lists are made one at a time, in short slices, so that a list of 100,000 topics delays no replication.
 */

import { has } from '../../core/policy.ts';
import { expiryOf, isInSync, pendingAt } from '../../core/register.ts';
import type {
  Conflict,
  ConflictSide,
  HeldValue,
  TopicDetails,
  TopicRow,
  TrashList,
} from '../../protocol/answers.ts';
import type {
  BrokerAction,
  DeletionsDecided,
  ReconcilerMeasures,
  ReconcilerRequest,
  ReconcilerResponses,
} from '../../protocol/requests.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { BrokerLinks } from '../links/broker-links.ts';
import { inSlices } from '../topics/slices.ts';
import type { Topic } from '../topics/topic.ts';
import { TopicIndex } from '../topics/topic-index.ts';
import { levelOf, pageOf } from '../topics/topic-pages.ts';
import { brokerTopics } from './broker-topics.ts';
import type { LoggedConflict } from './conflict-log.ts';
import { type MeasuresDeps, measuresOf } from './reconciler-measures.ts';
import { type Excerpt, SHOWN_IN_DETAILS, SHOWN_IN_LISTS, shownExcerpt, shownValue } from './shown-value.ts';
import { sinceEpoch } from './since-epoch.ts';
import type { Trash } from './trash.ts';

/** Conflicts in one answer at most. */
const MAX_CONFLICTS = 50;

/** Conflicts in the details of one topic at most. */
const MAX_CONFLICTS_OF_TOPIC = 10;

/** Topics that are counted again before an answer. If more have changed, the counts are those of the last commit. */
const MAX_RECOUNTED = 5_000;

/** Requests that change nothing but what is in the trash. */
export type Inspection = Exclude<ReconcilerRequest, DeletionsDecided | BrokerAction>;

export interface InspectorDeps extends MeasuresDeps {
  readonly links: BrokerLinks;
  readonly trash: Trash;
  readonly payloads: 'shown' | 'hidden';
}

export class Inspector {
  readonly #deps: InspectorDeps;
  readonly #all: TopicIndex;
  readonly #diverging: TopicIndex;
  /** The last list that was requested. */
  #lists: Promise<unknown> = Promise.resolve();

  constructor(deps: InspectorDeps) {
    this.#deps = deps;
    const { stats, states } = deps.table;
    this.#all = new TopicIndex({
      get revision() {
        return stats.revision;
      },
      *topics() {
        for (const [topic, { status }] of states.entries()) if (status.state !== undefined) yield topic;
      },
    });
    this.#diverging = new TopicIndex({
      get revision() {
        return stats.divergingRevision;
      },
      topics: () => stats.divergingTopics.keys(),
    });
  }

  async answer(request: Inspection): Promise<ReconcilerResponses[Inspection['kind']]> {
    this.#deps.table.recountUnsaved(MAX_RECOUNTED);
    switch (request.kind) {
      case 'measures':
        return this.#measures(request.conflictsAfter);
      case 'topic':
        return this.#topic(request.topic);
      case 'broker-topics':
        return this.#brokerTopics(request.broker);
      case 'trash':
        return this.#trash(request.filter);
      case 'undo':
        return { topics: this.#deps.trash.restore(request.filter) };
      case 'topics':
        return this.#inTurn(() => this.#topics(request));
      case 'level':
        return this.#inTurn(() => this.#level(request));
    }
  }

  close(): void {
    this.#all.close();
    this.#diverging.close();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lists.then(work);
    this.#lists = result.catch(() => undefined);
    return result;
  }

  #measures(conflictsAfter: number): ReconcilerMeasures {
    const conflicts = this.#deps.conflicts.after(conflictsAfter, MAX_CONFLICTS);
    return { ...measuresOf(this.#deps), conflicts: conflicts.map(conflict => this.#conflict(conflict)) };
  }

  async #topics(query: ReconcilerRequest & { kind: 'topics' }): Promise<ReconcilerResponses['topics']> {
    const { states, stats } = this.#deps.table;
    const isDiverging = query.which === 'diverging';
    const sorted = await (isDiverging ? this.#diverging : this.#all).topics();
    const isListed = isDiverging
      ? (topic: string) => stats.divergingTopics.has(topic)
      : (topic: string) => states.has(topic);
    const { topics, matching, next } = await inSlices(pageOf(sorted, query, isListed));
    return { topics: topics.flatMap(topic => this.#row(topic, SHOWN_IN_LISTS) ?? []), matching, next };
  }

  async #level(query: ReconcilerRequest & { kind: 'level' }): Promise<ReconcilerResponses['level']> {
    const [sorted, diverging] = [await this.#all.topics(), await this.#diverging.topics()];
    const { nodes, size, next } = await inSlices(levelOf(sorted, diverging, query));
    return {
      nodes: nodes.map(({ name, isTopic, beneath, diverging: count }) => ({
        name,
        topic: isTopic ? (this.#row(query.under + name, SHOWN_IN_LISTS) ?? null) : null,
        beneath,
        diverging: count,
      })),
      size,
      next,
    };
  }

  /** @param most bytes of each payload */
  #row(topic: string, most: number): TopicRow | undefined {
    const known = this.#deps.table.get(topic);
    const state = known?.status.state;
    const winner = known?.register.winner;
    if (known === undefined || state === undefined || winner === undefined) return undefined;
    const { time } = winner.version;
    const end = expiryOf(winner);
    return {
      topic,
      state,
      winner: shownValue(winner, this.#deps.payloads, most),
      origin: this.#name(winner.origin),
      changedAt: time === 0 ? null : time,
      expiresAt: Number.isFinite(end) ? end : null,
      held: this.#byBroker(link => this.#held(topic, known, link, most)),
    };
  }

  #brokerTopics(broker: string): ReconcilerResponses['broker-topics'] {
    const link = this.#deps.links.named(broker);
    return link === undefined ? null : brokerTopics(this.#deps, link);
  }

  #held(topic: string, known: Topic, link: BrokerLink, most: number): HeldValue {
    const { index, guard, blockedTopics } = link;
    const { held, winner } = known.register;
    // The deletion is not believed, but the broker does not show the topic.
    const holds = guard.holds(topic) ? 'absent' : (held[index] ?? 'unknown');
    const mustHold = winner !== undefined && has(known.policy.publish, index);
    return {
      value: shownValue(holds, this.#deps.payloads, most),
      agrees: !mustHold || isInSync(holds, winner),
      ...(blockedTopics.isBlocked(topic) ? { isRefused: true } : {}),
    };
  }

  #topic(topic: string): TopicDetails | null {
    const known = this.#deps.table.get(topic);
    const row = this.#row(topic, SHOWN_IN_DETAILS);
    if (known === undefined || row === undefined) return null;
    const { register, policy } = known;
    const { winner } = register;
    const since = this.#deps.table.stats.divergingTopics.get(topic);
    return {
      ...row,
      version: winner === undefined || winner.version.time === 0 ? null : winner.version,
      pending: this.#byBroker(({ index }) => pendingAt(register, index) || undefined),
      blocked: this.#byBroker(({ blockedTopics }) =>
        blockedTopics.isBlocked(topic)
          ? {
              reason: blockedTopics.reasonFor(topic) ?? '',
              retryAt: sinceEpoch(blockedTopics.retryAt(topic) ?? performance.now()),
            }
          : undefined,
      ),
      divergingSince: since === undefined ? null : sinceEpoch(since),
      retain: policy.retain,
      qos: policy.qos,
      conflicts: this.#deps.conflicts
        .of(topic, MAX_CONFLICTS_OF_TOPIC)
        .map(conflict => this.#conflict(conflict)),
    };
  }

  #trash(filter: string): TrashList {
    const { trash, payloads } = this.#deps;
    return {
      discarded: trash.list(filter).map(({ topic, message, how, at }) => ({
        ...{ topic, how, at },
        value: shownValue(message, payloads, SHOWN_IN_LISTS),
      })),
    };
  }

  #conflict({ at, topic, winner, loser, decidedBy }: LoggedConflict): Conflict {
    return { at, topic, winner: this.#conflictSide(winner), loser: this.#conflictSide(loser), decidedBy };
  }

  #conflictSide(excerpt: Excerpt): ConflictSide {
    return { broker: this.#name(excerpt.origin), value: shownExcerpt(excerpt, this.#deps.payloads) };
  }

  #name(broker: number): string {
    return this.#deps.links.find(broker)?.name ?? '';
  }

  /** By broker name, without undefined values. */
  #byBroker<T>(valueAt: (link: BrokerLink) => T | undefined): Record<string, T> {
    return Object.fromEntries(
      [...this.#deps.links].flatMap(link => {
        const value = link.isRemoved ? undefined : valueAt(link);
        return value === undefined ? [] : [[link.name, value] as const];
      }),
    );
  }
}
