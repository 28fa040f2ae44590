/** All metrics, in the groups of docs/metrics.md. A new metric is one entry in one of these tables. */

import { BROKER_METRICS } from './broker-metrics.ts';
import { EVENT_METRICS } from './event-metrics.ts';
import { FLOW_METRICS } from './flow-metrics.ts';
import type { Metric } from './metric.ts';
import { DEFAULT_METRICS, PROCESS_METRICS, TOPIC_METRICS } from './process-metrics.ts';

export const METRIC_GROUPS: readonly { readonly title: string; readonly metrics: readonly Metric[] }[] = [
  { title: 'Brokers', metrics: BROKER_METRICS },
  { title: 'Flow', metrics: FLOW_METRICS },
  { title: 'Topics', metrics: TOPIC_METRICS },
  { title: 'Event topics', metrics: EVENT_METRICS },
  { title: 'The process', metrics: [...PROCESS_METRICS, ...DEFAULT_METRICS] },
];

export const METRICS: readonly Metric[] = METRIC_GROUPS.flatMap(({ metrics }) => metrics);
