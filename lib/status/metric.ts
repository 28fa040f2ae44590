/**
 * What an entry of the metrics table says. `metrics.ts` registers the metrics by these entries, docs/metrics.md is made
 * from them, and spec/status/dashboard.spec.ts compares the dashboard with them.
 */

import type { HistogramCounts } from '../protocol/histogram.ts';
import type { Measurements } from './measurements.ts';

/** What the metrics are read from. Nothing is counted here: the actors count, and are asked when somebody scrapes. */
export interface MetricSources {
  readonly measurements: Measurements;
  /** Of the package. */
  readonly version: string;
  /** How often the reconciler was started again. */
  readonly reconcilerRestarts: () => number;
  /** How often the event actor was started again. */
  readonly eventRestarts: () => number;
  /** Connections to the status server that were closed to make room. */
  readonly displaced: () => number;
}

export type Labels = Readonly<Record<string, string>>;

interface Description {
  /** Subject and unit; a counter ends in `_total`. */
  readonly name: string;
  /** Full sentences. */
  readonly help: string;
  /** No metric has a label for topics: there are too many, and they come and go. */
  readonly labels: readonly string[];
  /** The title of the panel of contrib/grafana/mqttrep.json that shows it; null if none does. */
  readonly panel: string | null;
  /** What its labels can be, and what a reader should do, for docs/metrics.md. Markdown. */
  readonly notes?: string;
}

export interface ValueMetric extends Description {
  readonly kind: 'gauge' | 'counter';
  readonly source: (sources: MetricSources) => Iterable<readonly [labels: Labels, value: number]>;
}

export interface HistogramMetric extends Description {
  readonly kind: 'histogram';
  /** Upper bounds of the buckets, in seconds. */
  readonly buckets: readonly number[];
  readonly source: (sources: MetricSources) => Iterable<readonly [labels: Labels, counts: HistogramCounts]>;
}

/** prom-client measures it. */
export interface DefaultMetric extends Description {
  readonly kind: 'gauge' | 'counter';
  readonly source: 'prom-client';
}

export type Metric = ValueMetric | HistogramMetric | DefaultMetric;
