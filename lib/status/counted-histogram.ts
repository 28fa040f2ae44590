/** A histogram of prom-client that does not count by itself: the actor that measures the durations counts them. */

import { Histogram, type MetricObjectWithValues, type MetricValueWithName } from 'prom-client';
import type { HistogramCounts } from '../protocol/histogram.ts';
import type { Labels } from './metric.ts';

export interface CountedHistogramOptions {
  readonly name: string;
  readonly help: string;
  /** Seconds. */
  readonly bounds: readonly number[];
  readonly labelNames?: readonly string[];
  /** The current counts, for each set of labels. */
  readonly counts: () => Iterable<readonly [labels: Labels, counts: HistogramCounts]>;
}

type Exposed = MetricObjectWithValues<MetricValueWithName<string>>;

export class CountedHistogram extends Histogram {
  readonly #options: CountedHistogramOptions;

  constructor(options: CountedHistogramOptions) {
    const { name, help, bounds, labelNames = [] } = options;
    super({ name, help, buckets: [...bounds], labelNames: [...labelNames], registers: [] });
    this.#options = options;
  }

  override get(): Promise<Exposed> {
    const { name, help, bounds, counts } = this.#options;
    const values: MetricValueWithName<string>[] = [];
    for (const [labels, { buckets, sum }] of counts()) {
      let count = 0;
      for (const [index, bound] of [...bounds, '+Inf'].entries()) {
        count += buckets[index] ?? 0;
        values.push({ metricName: `${name}_bucket`, labels: { ...labels, le: bound }, value: count });
      }
      values.push({ metricName: `${name}_sum`, labels, value: sum });
      values.push({ metricName: `${name}_count`, labels, value: count });
    }
    // The types of prom-client demand an enumeration that exists only in its types.
    return Promise.resolve({
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      values,
    } as unknown as Exposed);
  }

  /** The registry calls this method for a histogram. */
  getForPromString(): Promise<Exposed> {
    return this.get();
  }
}
