/**
 * The last measures of the actors, summed over their incarnations. An actor that does not answer in time keeps its last
 * values.
 */

import type { EventMeasures } from '../protocol/event-messages.ts';
import type {
  BrokerMeasures,
  BrokerRequest,
  HeldBack,
  LinkMeasures,
  ReconcilerMeasures,
  ReconcilerRequest,
} from '../protocol/requests.ts';
import type { LinkRecord } from '../supervisor/link-record.ts';
import type { Conflict } from './api.ts';
import { type EventLogState, EventMeasurements, type EventState } from './event-measurements.ts';
import { Total } from './totals.ts';

const ANSWER_TIMEOUT_MS = 1_000;

/** The actors are not asked again within this time, however many clients ask. */
const MAX_AGE_MS = 200;

/** The part of the replicator that answers requests for measures. */
export interface Asked {
  readonly links: ReadonlyMap<string, Readonly<LinkRecord>>;
  readonly reconcilerActors: number;
  readonly eventActors: number;
  readonly isStopping: boolean;
  askBroker(
    name: string,
    question: BrokerRequest & { kind: 'measures' },
    within: number,
  ): Promise<BrokerMeasures>;
  askReconciler(
    question: ReconcilerRequest & { kind: 'measures' },
    within: number,
  ): Promise<ReconcilerMeasures>;
  askEvents(question: { readonly kind: 'measures' }, within: number): Promise<EventMeasures | undefined>;
}

/** One broker: its link, and the measures of its actor and of the reconciler. */
export interface BrokerState {
  readonly name: string;
  readonly record: Readonly<LinkRecord>;
  readonly counts: BrokerMeasures['counts'] | undefined;
  readonly roundTrip: number | null;
  readonly certificateDays: Readonly<Record<string, number>>;
  /** Undefined without a token. */
  readonly tokenSeconds: number | undefined;
  /** Undefined before the first answer. */
  readonly heartbeat: BrokerMeasures['heartbeat'] | undefined;
  readonly link: LinkMeasures | undefined;
  readonly heldBack: HeldBack;
  /** Messages that were not replicated, or that the broker did not accept, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Undefined if there are no event topics. */
  readonly events: EventState | undefined;
}

/** The gauges of the last answer, and the counts of all actors. */
type KnownBroker = Omit<BrokerMeasures, 'counts'> & { readonly total: Total<BrokerMeasures['counts']> };

export class Measurements {
  readonly #asked: Asked;
  readonly #onConflicts: (newestFirst: readonly Conflict[]) => void;
  readonly #brokers = new Map<string, KnownBroker>();
  readonly #events = new EventMeasurements();
  readonly #reconcilerTotal = new Total<ReconcilerMeasures['counts']>();
  #reconciler: ReconcilerMeasures | undefined;
  #incarnation = 0;
  #lastConflict = 0;
  #refreshing: Promise<void> | undefined;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  /** @param onConflicts is called with new conflicts */
  constructor(asked: Asked, onConflicts: (newestFirst: readonly Conflict[]) => void) {
    this.#asked = asked;
    this.#onConflicts = onConflicts;
  }

  /** Asks all actors, unless they were asked less than `MAX_AGE_MS` ago. Never rejects. */
  refresh(): Promise<void> {
    if (performance.now() - this.#refreshedAt < MAX_AGE_MS) return Promise.resolve();
    this.#refreshing ??= this.#ask().finally(() => {
      this.#refreshing = undefined;
      this.#refreshedAt = performance.now();
    });
    return this.#refreshing;
  }

  /** Undefined before the first answer. */
  get reconciler(): ReconcilerMeasures | undefined {
    return this.#reconciler;
  }

  get reconcilerCounts(): ReconcilerMeasures['counts'] | undefined {
    return this.#reconcilerTotal.value;
  }

  /** Undefined if there are no event topics. */
  get eventLog(): EventLogState | undefined {
    return this.#events.log;
  }

  get brokers(): BrokerState[] {
    const links = new Map(this.#reconciler?.links.map(link => [link.name, link]));
    return [...this.#asked.links].map(([name, record]) => ({
      name,
      record,
      counts: this.#brokers.get(name)?.total.value,
      roundTrip: this.#brokers.get(name)?.roundTrip ?? null,
      certificateDays: this.#brokers.get(name)?.certificateDays ?? {},
      tokenSeconds: this.#brokers.get(name)?.tokenSeconds,
      heartbeat: this.#brokers.get(name)?.heartbeat,
      link: links.get(name),
      heldBack: {
        ...this.reconcilerCounts?.heldBack[name],
        ...this.#brokers.get(name)?.total.value?.heldBack,
      },
      dropped: {
        ...this.reconcilerCounts?.refusedByBroker[name],
        ...this.#brokers.get(name)?.total.value?.dropped,
      },
      events: this.#events.of(name),
    }));
  }

  async #ask(): Promise<void> {
    const records = this.#asked.links;
    // Forget the counts of a broker that was removed from the configuration.
    for (const name of this.#brokers.keys()) if (!records.has(name)) this.#brokers.delete(name);
    await Promise.allSettled([
      this.#askReconciler(),
      this.#askEvents(),
      ...[...records].map(([name, record]) => this.#askBroker(name, record)),
    ]);
  }

  async #askBroker(name: string, { actors }: Readonly<LinkRecord>): Promise<void> {
    const { counts, ...gauges } = await this.#asked.askBroker(name, { kind: 'measures' }, ANSWER_TIMEOUT_MS);
    const total = this.#brokers.get(name)?.total ?? new Total<BrokerMeasures['counts']>();
    total.update(counts, actors);
    this.#brokers.set(name, { ...gauges, total });
  }

  async #askEvents(): Promise<void> {
    const incarnation = this.#asked.eventActors;
    this.#events.update(await this.#asked.askEvents({ kind: 'measures' }, ANSWER_TIMEOUT_MS), incarnation);
  }

  async #askReconciler(): Promise<void> {
    const incarnation = this.#asked.reconcilerActors;
    // A new reconciler numbers its conflicts from 1.
    if (incarnation !== this.#incarnation) this.#lastConflict = 0;
    this.#incarnation = incarnation;
    const measures = await this.#asked.askReconciler(
      { kind: 'measures', conflictsAfter: this.#lastConflict },
      ANSWER_TIMEOUT_MS,
    );
    this.#reconciler = measures;
    this.#reconcilerTotal.update(measures.counts, incarnation);
    this.#lastConflict = measures.lastConflict;
    if (measures.conflicts.length > 0) this.#onConflicts(measures.conflicts);
  }
}
