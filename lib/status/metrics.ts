/** The metrics of the table, as Prometheus reads them. */

import { Counter, Gauge, type Metric as PromMetric, Registry } from 'prom-client';
import { CountedHistogram } from './counted-histogram.ts';
import type { Metric, MetricSources } from './metric.ts';
import { METRICS } from './metrics-table.ts';

export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: MetricSources;

  constructor(sources: MetricSources) {
    this.#sources = sources;
    for (const metric of METRICS) this.#registry.registerMetric(promMetric(metric, sources));
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in the text format of Prometheus. */
  async text(): Promise<string> {
    await this.#sources.measurements.refresh();
    return this.#registry.metrics();
  }
}

function promMetric(metric: Metric, sources: MetricSources): PromMetric {
  const { name, help, labels } = metric;
  const options = { name, help, labelNames: [...labels] };
  if (metric.kind === 'histogram') {
    return new CountedHistogram({ ...options, bounds: metric.buckets, counts: () => metric.source(sources) });
  }
  const Kind = metric.kind === 'counter' ? Counter : Gauge;
  return new Kind({
    ...options,
    registers: [],
    collect() {
      // The samples replace those of the last scrape: brokers come and go.
      this.reset();
      for (const [labels, value] of metric.source(sources)) this.inc(labels, value);
    },
  });
}
