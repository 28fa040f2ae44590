/** The whole state as `Status`: from the last answers of the actors, and from what was kept of earlier ones. */

import type { RateLimits } from '../core/even-rate.ts';
import { BOUNDS, type HistogramCounts } from '../protocol/histogram.ts';
import type { BrokerStatus, Conflict, EventStatus, Histogram, RateSample, Status } from './api.ts';
import { ConvergenceSamples } from './convergence-samples.ts';
import type { EventState } from './event-measurements.ts';
import { type Asked, type BrokerState, Measurements } from './measurements.ts';

/** The time between two samples of the rates. */
const SAMPLE_PERIOD_MS = 5_000;

/** Ten minutes of samples. */
const MAX_SAMPLES = 120;

const MAX_CONFLICTS = 50;

export interface OverviewDeps {
  readonly asked: Asked;
  /** Of the package. */
  readonly version: string;
  /** Hz. */
  readonly mergeFrequency: () => number;
  /** Seconds between two heartbeats; Infinity if they are off. */
  readonly heartbeat: () => number;
  readonly hidesPayloads: boolean;
  readonly allowsActions: boolean;
  /** What is subscribed to at any broker. */
  readonly filters: () => readonly string[];
  /** The configured rate of publishes to a broker; undefined without a limit. */
  readonly rateOf: (broker: string) => RateLimits | undefined;
}

type MessageCounts = Readonly<Record<'received' | 'published', number>>;

export class Overview {
  readonly measurements: Measurements;
  readonly #deps: OverviewDeps;
  readonly #startedAt = Date.now();
  readonly #converged = new ConvergenceSamples();
  #rates: readonly RateSample[] = [];
  #conflicts: readonly Conflict[] = [];
  #sampledAt = performance.now();
  #sampled = new Map<string, MessageCounts>();
  #sampling: NodeJS.Timeout | undefined;

  constructor(deps: OverviewDeps) {
    this.#deps = deps;
    this.measurements = new Measurements(deps.asked, conflicts => {
      this.#conflicts = [...conflicts, ...this.#conflicts].slice(0, MAX_CONFLICTS);
    });
  }

  /** Starts to sample the rates. */
  start(): void {
    this.#sampling ??= setInterval(() => {
      // The next sample covers the time of both.
      this.#sample().catch(() => undefined);
    }, SAMPLE_PERIOD_MS).unref();
  }

  close(): void {
    clearInterval(this.#sampling);
    this.#sampling = undefined;
  }

  /** The current state. Never rejects: an actor that does not answer keeps its last values. */
  async status(): Promise<Status> {
    await this.measurements.refresh();
    const { version, mergeFrequency, heartbeat, hidesPayloads, allowsActions, filters, rateOf } = this.#deps;
    const { reconciler, reconcilerCounts } = this.measurements;
    return {
      version,
      replica: reconciler?.replica ?? '',
      startedAt: this.#startedAt,
      mergeFrequency: mergeFrequency(),
      heartbeatPeriod: Number.isFinite(heartbeat()) ? heartbeat() * 1_000 : null,
      hidesPayloads,
      allowsActions,
      filters: filters(),
      brokers: this.measurements.brokers.map(broker => brokerStatus(broker, rateOf(broker.name))),
      topics: reconciler?.topics ?? { converged: 0, diverging: 0, blocked: 0, deleted: 0 },
      convergence: cumulative(BOUNDS.convergence, reconcilerCounts?.convergence),
      rates: this.#rates,
      conflicts: this.#conflicts,
    };
  }

  async #sample(): Promise<void> {
    await this.measurements.refresh();
    const now = performance.now();
    const counts = new Map(
      this.measurements.brokers.flatMap(broker =>
        broker.counts === undefined ? [] : [[broker.name, broker.counts] as const],
      ),
    );
    const since = (which: keyof MessageCounts) =>
      Object.fromEntries(
        [...counts].map(([name, { [which]: count }]) => [
          name,
          Math.max(0, count - (this.#sampled.get(name)?.[which] ?? 0)),
        ]),
      );
    const sample: RateSample = {
      at: Date.now(),
      seconds: (now - this.#sampledAt) / 1000,
      received: since('received'),
      published: since('published'),
      converged: this.#converged.next(this.measurements.reconcilerCounts?.convergence),
    };
    this.#sampledAt = now;
    this.#sampled = counts;
    this.#rates = [...this.#rates, sample].slice(-MAX_SAMPLES);
  }
}

function brokerStatus(
  { name, record, counts, roundTrip, heartbeat, link, heldBack, dropped, ignored, events }: BrokerState,
  rate: RateLimits | undefined,
): BrokerStatus {
  const { state, detail, since, protocol, reconnects, restarts } = record;
  return {
    name,
    state,
    detail,
    since,
    protocol,
    received: counts?.received ?? 0,
    published: counts?.published ?? 0,
    dropped: positive(dropped),
    ignored: positive(ignored),
    heldBack: positive(heldBack),
    maxRate: finite(rate?.messages),
    maxBytesPerSecond: finite(rate?.bytes),
    pending: link?.pending ?? 0,
    waiting: link?.waiting ?? 0,
    behind: link?.behind ?? 0,
    behindSince: link?.behindSince ?? null,
    blocked: link?.blocked ?? 0,
    refusal: link?.refusal ?? null,
    deletionsHeld: link?.deletionsHeld ?? 0,
    unreadable: link?.unreadable ?? 0,
    replayIncomplete: link?.isReplayIncomplete ?? false,
    roundTrip,
    heartbeat: heartbeat?.latency ?? null,
    heartbeatAt: heartbeat?.cameBackAt ?? null,
    paths: heartbeat?.paths ?? {},
    silences: counts?.silences ?? 0,
    reconnects,
    restarts,
    events: events === undefined ? null : eventStatus(events),
  };
}

function eventStatus({ state, messages, bytes, oldestSeconds, counts }: EventState): EventStatus {
  const dropped: Record<string, number> = {};
  for (const reasons of Object.values(counts.dropped))
    for (const [reason, count] of Object.entries(reasons)) dropped[reason] = (dropped[reason] ?? 0) + count;
  return {
    state,
    queued: messages,
    bytes,
    // Whole seconds: the page is told of each change.
    oldest: Math.floor(oldestSeconds) * 1_000,
    received: counts.received,
    delivered: counts.delivered,
    dropped,
  };
}

/** JSON has no Infinity. */
function finite(limit: number | undefined): number | null {
  return limit !== undefined && Number.isFinite(limit) ? limit : null;
}

/** The counts that are not 0. */
function positive(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

/** Seconds by bucket → milliseconds, cumulative. */
function cumulative(bounds: readonly number[], counts: HistogramCounts | undefined): Histogram {
  let count = 0;
  const buckets = [...bounds, null].map((bound, index) => {
    count += counts?.buckets[index] ?? 0;
    return { upTo: bound === null ? null : bound * 1000, count };
  });
  return { buckets, sum: (counts?.sum ?? 0) * 1000, count };
}
