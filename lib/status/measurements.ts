/**
 * What the actors last answered when they were asked how they are, summed over their incarnations. One that does
 * not answer in time is shown as it last was.
 */

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
import { Total } from './totals.ts';

/** Milliseconds that an actor has for its answer. */
const ANSWER_LIMIT = 1_000;

/** Milliseconds for which an answer is new enough: however many ask, the actors are asked so often at most. */
const FRESH = 200;

/** As much of the replicator as is needed to ask how it is. */
export interface Asked {
  readonly links: ReadonlyMap<string, Readonly<LinkRecord>>;
  readonly reconcilerActors: number;
  readonly isStopping: boolean;
  askBroker(name: string, question: BrokerRequest, within: number): Promise<BrokerMeasures>;
  askReconciler(
    question: ReconcilerRequest & { kind: 'measures' },
    within: number,
  ): Promise<ReconcilerMeasures>;
}

/** One broker: its link, and what its actor and the reconciler say. */
export interface BrokerState {
  readonly name: string;
  readonly record: Readonly<LinkRecord>;
  readonly counts: BrokerMeasures['counts'] | undefined;
  readonly roundTrip: number | null;
  readonly link: LinkMeasures | undefined;
  readonly heldBack: HeldBack;
  /** Messages that were not replicated, or not taken by the broker, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

export class Measurements {
  readonly #asked: Asked;
  readonly #onConflicts: (newestFirst: readonly Conflict[]) => void;
  readonly #brokers = new Map<string, { total: Total<BrokerMeasures['counts']>; roundTrip: number | null }>();
  readonly #reconcilerTotal = new Total<ReconcilerMeasures['counts']>();
  #reconciler: ReconcilerMeasures | undefined;
  #incarnation = 0;
  #lastConflict = 0;
  #underWay: Promise<void> | undefined;
  #at = Number.NEGATIVE_INFINITY;

  /** @param onConflicts told of conflicts that are new */
  constructor(asked: Asked, onConflicts: (newestFirst: readonly Conflict[]) => void) {
    this.#asked = asked;
    this.#onConflicts = onConflicts;
  }

  /** Asks all actors, unless that was done just now. Never rejects. */
  refresh(): Promise<void> {
    if (performance.now() - this.#at < FRESH) return Promise.resolve();
    this.#underWay ??= this.#ask().finally(() => {
      this.#underWay = undefined;
      this.#at = performance.now();
    });
    return this.#underWay;
  }

  /** Undefined before its first answer. */
  get reconciler(): ReconcilerMeasures | undefined {
    return this.#reconciler;
  }

  get reconcilerCounts(): ReconcilerMeasures['counts'] | undefined {
    return this.#reconcilerTotal.value;
  }

  get brokers(): BrokerState[] {
    const links = new Map(this.#reconciler?.links.map(link => [link.name, link]));
    return [...this.#asked.links].map(([name, record]) => ({
      name,
      record,
      counts: this.#brokers.get(name)?.total.value,
      roundTrip: this.#brokers.get(name)?.roundTrip ?? null,
      link: links.get(name),
      heldBack: {
        ...this.reconcilerCounts?.heldBack[name],
        ...this.#brokers.get(name)?.total.value?.heldBack,
      },
      dropped: {
        ...this.reconcilerCounts?.refusedByBroker[name],
        ...this.#brokers.get(name)?.total.value?.dropped,
      },
    }));
  }

  async #ask(): Promise<void> {
    const records = this.#asked.links;
    // A broker that was taken out of the configuration is counted no more.
    for (const name of this.#brokers.keys()) if (!records.has(name)) this.#brokers.delete(name);
    await Promise.allSettled([
      this.#askReconciler(),
      ...[...records].map(([name, record]) => this.#askBroker(name, record)),
    ]);
  }

  async #askBroker(name: string, { actors }: Readonly<LinkRecord>): Promise<void> {
    const { counts, roundTrip } = await this.#asked.askBroker(name, { kind: 'measures' }, ANSWER_LIMIT);
    const known = this.#brokers.get(name) ?? { total: new Total<BrokerMeasures['counts']>(), roundTrip };
    known.total.update(counts, actors);
    this.#brokers.set(name, { ...known, roundTrip });
  }

  async #askReconciler(): Promise<void> {
    const incarnation = this.#asked.reconcilerActors;
    // A new one counts its conflicts anew.
    if (incarnation !== this.#incarnation) this.#lastConflict = 0;
    this.#incarnation = incarnation;
    const measures = await this.#asked.askReconciler(
      { kind: 'measures', conflictsAfter: this.#lastConflict },
      ANSWER_LIMIT,
    );
    this.#reconciler = measures;
    this.#reconcilerTotal.update(measures.counts, incarnation);
    this.#lastConflict = measures.lastConflict;
    if (measures.conflicts.length > 0) this.#onConflicts(measures.conflicts);
  }
}
