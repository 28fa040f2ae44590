/**
 * Answers what the main thread asks of the reconciler: how all is, which topics there are, how one of them is.
 *
 * It only reads. Lists are worked off one at a time, in short slices, so that looking at 100,000 topics holds
 * nothing up.
 */

import { has } from '../../core/policy.ts';
import { expiryOf, isInSync, pendingAt } from '../../core/register.ts';
import type { Histogram } from '../../protocol/histogram.ts';
import type {
  DeletionsDecided,
  ReconcilerAnswers,
  ReconcilerMeasures,
  ReconcilerRequest,
} from '../../protocol/requests.ts';
import type {
  Conflict,
  ConflictSide,
  HeldValue,
  TopicDetails,
  TopicRow,
  TrashList,
} from '../../status/api.ts';
import type { Admission } from '../admission.ts';
import type { Committer } from '../committer.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { BrokerLinks } from '../links/broker-links.ts';
import type { LoopDamper } from '../loop-damper.ts';
import type { Counters } from '../topics/counters.ts';
import { inSlices } from '../topics/slices.ts';
import type { Topic } from '../topics/topic.ts';
import { TopicIndex } from '../topics/topic-index.ts';
import { levelOf, pageOf } from '../topics/topic-pages.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import type { ConflictLog, LoggedConflict } from './conflict-log.ts';
import { type Excerpt, SHOWN_BYTES, SHOWN_IN_LISTS, shownExcerpt, shownValue } from './shown-value.ts';
import type { Trash } from './trash.ts';

/** Conflicts that are told at once, at most. */
const MOST_CONFLICTS = 50;

/** Conflicts that are told of one topic. */
const MOST_OF_TOPIC = 10;

/** What counters of what was not taken in begin with; the rest is the reason. */
const REFUSED = 'refused_';

/** Topics that are counted anew before an answer; where more have changed, the last commit's counts have to do. */
const MOST_RECOUNTED = 5_000;

/** What only looks. */
export type Inspection = Exclude<ReconcilerRequest, DeletionsDecided>;

export interface InspectorDeps {
  readonly replica: string;
  readonly table: TopicTable;
  readonly links: BrokerLinks;
  readonly admission: Pick<Admission, 'eviction' | 'memory'>;
  readonly conflicts: ConflictLog;
  readonly damper: Pick<LoopDamper, 'damped'>;
  readonly trash: Trash;
  /** Of the reconciler. */
  readonly counters: Counters;
  readonly committer: Pick<Committer, 'commits' | 'failures'>;
  readonly ticks: Histogram;
  readonly payloads: 'shown' | 'hidden';
}

export class Inspector {
  readonly #deps: InspectorDeps;
  readonly #all: TopicIndex;
  readonly #diverging: TopicIndex;
  /** The last list that was asked for. */
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
      topics: () => stats.divergingTopics,
    });
  }

  async answer(question: Inspection): Promise<ReconcilerAnswers[Inspection['of']]> {
    this.#deps.table.recountUnsaved(MOST_RECOUNTED);
    switch (question.of) {
      case 'measures':
        return this.#measures(question.conflictsAfter);
      case 'topic':
        return this.#topic(question.topic);
      case 'trash':
        return this.#trash(question.filter);
      case 'undo':
        return { topics: this.#deps.trash.restore(question.filter) };
      case 'topics':
        return this.#inTurn(() => this.#topics(question));
      case 'level':
        return this.#inTurn(() => this.#level(question));
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

  // ── counts ─────────────────────────────────────────────────────────────────────────────────────────

  #measures(conflictsAfter: number): ReconcilerMeasures {
    const { replica, table, links, admission, conflicts, damper, counters, committer, ticks } = this.#deps;
    const { stats } = table;
    const refused = Object.entries(counters.counts).filter(([name]) => name.startsWith(REFUSED));
    return {
      replica,
      counts: {
        expired: counters.counts['expired'] ?? 0,
        storeFailures: committer.failures,
        tombstonesEvicted: admission.eviction.tombstones,
        refused: Object.fromEntries(refused.map(([name, count]) => [name.slice(REFUSED.length), count])),
        refusedOf: Object.fromEntries([...links].map(({ name, refused }) => [name, { ...refused }])),
        heldBack: Object.fromEntries([...links].map(({ name, heldBack }) => [name, { ...heldBack }])),
        racedWrites: Object.fromEntries([...links].map(({ name, racedWrites }) => [name, racedWrites])),
        damped: damper.damped,
        historyDropped: Object.fromEntries(
          [...links].map(({ name, state }) => [name, state.history.dropped + state.history.unseen.dropped]),
        ),
        vanished: Object.fromEntries([...links].map(({ name, vanished }) => [name, vanished])),
        conflicts: { ...conflicts.counts },
        convergence: stats.convergence.counts,
        commits: committer.commits.counts,
        ticks: ticks.counts,
      },
      topics: stats.counts,
      memory: { bytes: table.usage.bytes, bound: admission.memory },
      links: [...links]
        .filter(({ isRemoved }) => !isRemoved)
        .map(link => ({
          name: link.name,
          pending: link.pending,
          waiting: link.due.size,
          behind: stats.behind[link.index] ?? 0,
          blocked: link.blockedTopics.blocked,
          deletionsHeld: link.guard.size,
          unreadable: link.unreadable.size,
          isReplayIncomplete: link.gap.isOpen,
        })),
      conflicts: conflicts.after(conflictsAfter, MOST_CONFLICTS).map(one => this.#conflict(one)),
      lastConflict: conflicts.last,
    };
  }

  // ── topics ─────────────────────────────────────────────────────────────────────────────────────────

  async #topics(query: ReconcilerRequest & { of: 'topics' }): Promise<ReconcilerAnswers['topics']> {
    const { states, stats } = this.#deps.table;
    const isDiverging = query.which === 'diverging';
    const sorted = await (isDiverging ? this.#diverging : this.#all).topics();
    const isListed = isDiverging
      ? (topic: string) => stats.divergingTopics.has(topic)
      : (topic: string) => states.has(topic);
    const { topics, matching, next } = await inSlices(pageOf(sorted, query, isListed));
    return { topics: topics.flatMap(topic => this.#row(topic, SHOWN_IN_LISTS) ?? []), matching, next };
  }

  async #level(query: ReconcilerRequest & { of: 'level' }): Promise<ReconcilerAnswers['level']> {
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

  /** `most`: bytes of each payload. */
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

  #held(topic: string, known: Topic, { index, guard }: BrokerLink, most: number): HeldValue {
    const { held, winner } = known.register;
    // Though its deletion is not believed, the broker does not show it.
    const holds = guard.holds(topic) ? 'absent' : (held[index] ?? 'unknown');
    const isConcerned = winner !== undefined && has(known.policy.publish, index);
    return {
      value: shownValue(holds, this.#deps.payloads, most),
      agrees: !isConcerned || isInSync(holds, winner),
    };
  }

  #topic(topic: string): TopicDetails | null {
    const known = this.#deps.table.get(topic);
    const row = this.#row(topic, SHOWN_BYTES);
    if (known === undefined || row === undefined) return null;
    const { register, policy } = known;
    const { winner } = register;
    return {
      ...row,
      version: winner === undefined || winner.version.time === 0 ? null : winner.version,
      pending: this.#byBroker(({ index }) => pendingAt(register, index) || undefined),
      blocked: this.#byBroker(({ blockedTopics }) =>
        blockedTopics.isBlocked(topic)
          ? sinceEpoch(blockedTopics.retryAt(topic) ?? performance.now())
          : undefined,
      ),
      retain: policy.retain,
      qos: policy.qos,
      conflicts: this.#deps.conflicts.of(topic, MOST_OF_TOPIC).map(one => this.#conflict(one)),
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

  // ── words ──────────────────────────────────────────────────────────────────────────────────────────

  #conflict({ at, topic, winner, loser, decidedBy }: LoggedConflict): Conflict {
    return { at, topic, winner: this.#conflictSide(winner), loser: this.#conflictSide(loser), decidedBy };
  }

  #conflictSide(excerpt: Excerpt): ConflictSide {
    return { broker: this.#name(excerpt.origin), value: shownExcerpt(excerpt, this.#deps.payloads) };
  }

  #name(broker: number): string {
    return this.#deps.links.find(broker)?.name ?? '';
  }

  /** By broker name; what is undefined is left out. */
  #byBroker<T>(valueAt: (link: BrokerLink) => T | undefined): Record<string, T> {
    return Object.fromEntries(
      [...this.#deps.links].flatMap(link => {
        const value = link.isRemoved ? undefined : valueAt(link);
        return value === undefined ? [] : [[link.name, value] as const];
      }),
    );
  }
}

/** A time of `performance.now()` in milliseconds since 1970, by what the clock shows now. */
function sinceEpoch(uptime: number): number {
  return Math.round(Date.now() - performance.now() + uptime);
}
