/** The parts of the reconciler, and how they are joined. Each knows only what it is given here. */

import { compileMergeChain, type Decoders } from '../core/merge-order.ts';
import { type FilterSettings, Policies } from '../core/policy.ts';
import { HybridClock } from '../core/version.ts';
import { BOUNDS, Histogram } from '../protocol/histogram.ts';
import type { Log } from '../protocol/messages.ts';
import type { ReconcilerSettings } from '../protocol/settings.ts';
import type { StateStore, StoredState } from '../store/state-store.ts';
import { Admission } from './admission.ts';
import { Committer } from './committer.ts';
import { Dispatcher } from './dispatcher.ts';
import { EventHandler } from './event-handler.ts';
import { FirstContactLog } from './first-contact-log.ts';
import { ConflictLog } from './inspection/conflict-log.ts';
import { Inspector } from './inspection/inspector.ts';
import { Trash } from './inspection/trash.ts';
import { BrokerLinks } from './links/broker-links.ts';
import { HeldHistories } from './links/held-histories.ts';
import { PublishOutcomes } from './links/publish-outcomes.ts';
import type { Self } from './links/store-metadata.ts';
import { LoopDamper } from './loop-damper.ts';
import { Markers } from './markers.ts';
import { defaultMemory } from './memory-bound.ts';
import { ObservationReader } from './observation-reader.ts';
import { PeriodicTasks } from './periodic-tasks.ts';
import { Sessions } from './sessions.ts';
import { EventSource } from './streams.ts';
import { Counters } from './topics/counters.ts';
import type { TopicEvent } from './topics/topic-event.ts';
import { TopicPolicies } from './topics/topic-policies.ts';
import { type Step, TopicTable } from './topics/topic-table.ts';
import { Verifier } from './verification/verifier.ts';

/** Overwritten topics that a dry run names, of each broker. */
const NAMED_IN_DRY_RUN = 1_000;

export interface ReconcilerDeps extends Self {
  readonly settings: ReconcilerSettings;
  readonly brokers: readonly { readonly name: string; readonly rank: number }[];
  /** For the formats that the merge chains read. */
  readonly decoders: Partial<Decoders>;
  readonly store: StateStore;
  /** In place of the core's `step`, for specs that want to see it missed. */
  readonly step?: Step;
  /** What the store held when it was opened. */
  readonly state: StoredState;
  readonly log: Log;
  /** Bytes that the heap of the thread may have. */
  readonly heap?: number;
}

export type ReconcilerParts = ReturnType<typeof assemble>;

export function assemble(deps: ReconcilerDeps) {
  const { settings, brokers, replica, decoders, store, step, state, log, heap } = deps;
  const events$ = new EventSource<TopicEvent>();
  const applyEvent = (topic: string, event: TopicEvent['event']) => events$.next({ topic, event });
  const counters = new Counters();
  const ticks = new Histogram(BOUNDS.tick);
  const clock = new HybridClock(replica, settings.maxDrift);
  const conflicts = new ConflictLog(decoders);
  const policies = new TopicPolicies(policiesOf(settings.filters, brokers.length, decoders));
  const table = new TopicTable(policies, brokers.length, step);
  const links = new BrokerLinks(deps, table, state.metadata);
  const trash = new Trash({ clock, applyEvent });
  table.connect({
    blockedAt: topic => links.blocking(topic),
    deletionHeldAt: topic => links.holdingDeletion(topic),
    willOffer: lacking => links.canTake(lacking),
    replaced: (topic, winner, by, event) => trash.replaced(topic, winner, by, event.kind),
    history: new HeldHistories(links),
  });
  for (const broker of brokers) links.add(broker, settings);
  const damper = new LoopDamper({
    release: topic => dispatcher.tick(new Set([topic])),
    drop: topic => applyEvent(topic, { kind: 'withheld' }),
    log,
  });
  const outcomes = new PublishOutcomes({ blockChanged: topic => table.recount(topic), log });
  const markers: Markers = new Markers({
    table,
    links,
    clock,
    commitAndSend: () => committer.commitAndSend(),
  });
  const committer = new Committer({ store, table, links, markers, log });
  const dispatcher: Dispatcher = new Dispatcher({ table, links, committer, damper, counters, ticks, log });
  const verifier = new Verifier({ table, clock, applyEvent, outcomes, log });
  const { topics, memory = defaultMemory(heap) } = settings.bounds;
  const admission = new Admission({ table, links, room: { topics, bytes: memory }, log });
  const payloads = settings.hidesPayloads ? 'hidden' : 'shown';
  return {
    events$,
    counters,
    clock,
    conflicts,
    policies,
    table,
    links,
    damper,
    dispatcher,
    markers,
    committer,
    verifier,
    admission,
    observationReader: new ObservationReader({ table, clock, verifier, applyEvent, admission }),
    firstContactLog: new FirstContactLog({
      ...{ table, links, conflicts, log },
      named: settings.mode === 'dry-run' ? NAMED_IN_DRY_RUN : 1,
      isCarriedOut: settings.mode === 'replicate',
    }),
    eventHandler: new EventHandler({ table, links, conflicts, trash, outcomes, damper, counters }),
    sessions: new Sessions({ table, outcomes, verifier, committer, applyEvent, log }),
    periodicTasks: new PeriodicTasks({
      ...{ table, links, clock, dispatcher, outcomes, verifier, committer, applyEvent },
    }),
    inspector: new Inspector({
      ...{ replica, table, links, admission, conflicts, damper, trash, counters, committer, ticks, payloads },
    }),
  } as const;
}

export function policiesOf(
  filters: readonly FilterSettings[],
  brokers: number,
  decoders: Partial<Decoders>,
): Policies {
  return new Policies(filters, brokers, chain => compileMergeChain(chain, decoders));
}
