/** The metrics of the table, as Prometheus reads them. */

import { Counter, Gauge, type Metric as PromMetric, Registry } from 'prom-client';
import memory from 'prom-client/lib/metrics/osMemoryHeap.js';
import cpu from 'prom-client/lib/metrics/processCpuTotal.js';
import maxFiles from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import openFiles from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import startTime from 'prom-client/lib/metrics/processStartTime.js';
import { CountedHistogram } from './counted-histogram.ts';
import type { DefaultMetric, Metric, MetricSources } from './metric.ts';
import { METRICS } from './metrics-table.ts';

export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: MetricSources;

  constructor(sources: MetricSources) {
    this.#sources = sources;
    for (const metric of METRICS) {
      if (metric.source !== 'prom-client') this.#registry.registerMetric(promMetric(metric, sources));
    }
    for (const register of DEFAULTS) register(this.#registry);
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

/** Those that cost nothing between two scrapes. */
const DEFAULTS = [cpu, startTime, memory, openFiles, maxFiles];

type OwnMetric = Exclude<Metric, DefaultMetric>;

function promMetric(metric: OwnMetric, sources: MetricSources): PromMetric {
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
