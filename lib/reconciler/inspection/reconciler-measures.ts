/** The counts and gauges of the reconciler, for metrics and the status page. */

import type { Histogram } from '../../protocol/histogram.ts';
import type { LinkMeasures, ReconcilerMeasures } from '../../protocol/requests.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { Counters } from '../topics/counters.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { behindSince } from './broker-topics.ts';
import type { ConflictLog } from './conflict-log.ts';
import { sinceEpoch } from './since-epoch.ts';

/** The names of counters of refused messages begin with this; the rest is the reason. */
const REFUSED_PREFIX = 'refused_';

export interface MeasuresDeps {
  readonly replica: string;
  readonly table: TopicTable;
  readonly links: Iterable<BrokerLink>;
  readonly admission: {
    /** Bytes that topics may take. */
    readonly memory: number;
    readonly eviction: { readonly tombstones: number };
  };
  readonly conflicts: ConflictLog;
  readonly damper: { readonly damped: number };
  /** Of the reconciler. */
  readonly counters: Counters;
  readonly committer: { readonly commits: Histogram; readonly failures: number };
  readonly ticks: Histogram;
}

/** All measures, except the conflicts themselves. */
export function measuresOf(deps: MeasuresDeps): Omit<ReconcilerMeasures, 'conflicts'> {
  const { replica, table, links, admission, conflicts, damper, counters, committer, ticks } = deps;
  const { stats } = table;
  const refused = Object.entries(counters.counts).filter(([name]) => name.startsWith(REFUSED_PREFIX));
  const byBroker = <T>(measure: (link: BrokerLink) => T): Record<string, T> =>
    Object.fromEntries([...links].map(link => [link.name, measure(link)]));
  return {
    replica,
    counts: {
      expired: counters.counts['expired'] ?? 0,
      storeFailures: committer.failures,
      tombstonesEvicted: admission.eviction.tombstones,
      refused: Object.fromEntries(refused.map(([name, count]) => [name.slice(REFUSED_PREFIX.length), count])),
      refusedByBroker: byBroker(link => ({ ...link.counters.refused })),
      heldBack: byBroker(({ flow }) => ({ ...flow.heldBack })),
      racedWrites: byBroker(link => link.counters.racedWrites),
      damped: damper.damped,
      historyDropped: byBroker(({ state }) => state.history.dropped + state.history.unseen.dropped),
      vanished: byBroker(link => link.counters.vanished),
      conflicts: { ...conflicts.counts },
      convergence: stats.convergence.counts,
      untimed: stats.arrivals.dropped,
      commits: committer.commits.counts,
      ticks: ticks.counts,
    },
    topics: stats.counts,
    memory: { bytes: table.usage.bytes, bound: admission.memory },
    links: [...links].filter(({ isRemoved }) => !isRemoved).map(link => linkMeasures(deps, link)),
    lastConflict: conflicts.last,
  };
}

function linkMeasures(deps: Pick<MeasuresDeps, 'table'>, link: BrokerLink): LinkMeasures {
  const { index, name, flow, blockedTopics, guard, unverified, gap } = link;
  const [refused] = blockedTopics.blocked === 0 ? [] : blockedTopics.listed(1);
  return {
    name,
    pending: flow.pending,
    waiting: flow.waiting,
    behind: deps.table.stats.behind[index] ?? 0,
    behindSince: behindSince(deps, link),
    blocked: blockedTopics.blocked,
    refusal:
      refused === undefined
        ? null
        : { topic: refused.topic, reason: refused.reason, since: sinceEpoch(refused.since) },
    deletionsHeld: guard.size,
    unreadable: unverified.unreadable,
    isReplayIncomplete: gap.isOpen,
  };
}
