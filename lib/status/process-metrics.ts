/** The metrics of the topics as a whole, and of the process. */

import { BOUNDS } from '../protocol/histogram.ts';
import type { ReconcilerMeasures } from '../protocol/requests.ts';
import type { DefaultMetric, HistogramMetric, Metric, ValueMetric } from './metric.ts';

type Counts = ReconcilerMeasures['counts'];

function counted(
  field: 'tombstonesEvicted' | 'damped' | 'expired' | 'storeFailures' | 'untimed',
): ValueMetric['source'] {
  return ({ measurements }) => [[{}, measurements.reconcilerCounts?.[field] ?? 0]];
}

/** No sample before the reconciler has answered for the first time. */
function durations(field: keyof Counts & ('convergence' | 'commits' | 'ticks')): HistogramMetric['source'] {
  return ({ measurements: { reconcilerCounts } }) =>
    reconcilerCounts === undefined ? [] : [[{}, reconcilerCounts[field]] as const];
}

export const TOPIC_METRICS: readonly Metric[] = [
  {
    name: 'mqttrep_topics',
    kind: 'gauge',
    help: 'Topics by state.',
    labels: ['state'],
    panel: 'Topics by state',
    source: ({ measurements }) =>
      Object.entries(measurements.reconciler?.topics ?? {}).map(([state, count]) => [{ state }, count]),
    notes: 'The states are `converged`, `diverging`, `blocked` and `deleted`.',
  },
  {
    name: 'mqttrep_topics_memory_bytes',
    kind: 'gauge',
    help: 'Memory of the topics, as mqttrep counts it against its limit.',
    labels: [],
    panel: 'Memory',
    source: ({ measurements }) => [[{}, measurements.reconciler?.memory.bytes ?? 0]],
  },
  {
    name: 'mqttrep_topics_memory_limit_bytes',
    kind: 'gauge',
    help: 'Memory that the topics may use: MQTTREP_MAX_MEMORY, or half of the heap that Node.js allows.',
    labels: [],
    panel: 'Memory',
    source: ({ measurements }) => [[{}, measurements.reconciler?.memory.bound ?? 0]],
  },
  {
    name: 'mqttrep_topics_expired_total',
    kind: 'counter',
    help: 'Topics that expired, and that mqttrep therefore deleted.',
    labels: [],
    panel: 'Conflicts',
    source: counted('expired'),
  },
  {
    name: 'mqttrep_tombstones_evicted_total',
    kind: 'counter',
    help: 'Remembered deletions that mqttrep forgot before their hour was over, to make room.',
    labels: [],
    panel: 'Conflicts',
    source: counted('tombstonesEvicted'),
  },
  {
    name: 'mqttrep_conflicts_total',
    kind: 'counter',
    help: 'Writes that lost a conflict, by the comparator that decided.',
    labels: ['decided_by'],
    panel: 'Conflicts',
    source: ({ measurements }) => {
      const conflicts = { arrival: 0, ...measurements.reconcilerCounts?.conflicts };
      return Object.entries(conflicts).map(([decided_by, count]) => [{ decided_by }, count]);
    },
    notes:
      '`decided_by` is a comparator such as `arrival` or `json:serial`, or at first contact the `priority` or the `name` of the brokers.',
  },
  {
    name: 'mqttrep_looping_messages_total',
    kind: 'counter',
    help: 'Messages that mqttrep delayed or dropped, because they came back each time that it passed them on.',
    labels: [],
    panel: 'Conflicts',
    source: counted('damped'),
    notes: 'Most likely a bridge connects the same brokers.',
  },
  {
    name: 'mqttrep_convergence_seconds',
    kind: 'histogram',
    help: 'Time from the arrival of a change until all permitted brokers were confirmed to hold it.',
    labels: [],
    panel: 'Until a change is everywhere',
    buckets: BOUNDS.convergence,
    source: durations('convergence'),
    notes:
      'A message that a broker replays is no change, and a change that arrived before the start is not timed.',
  },
  {
    name: 'mqttrep_changes_untimed_total',
    kind: 'counter',
    help: 'Changes whose time to converge is not measured: more than 100,000 had not converged.',
    labels: [],
    panel: null,
    source: counted('untimed'),
  },
];

export const PROCESS_METRICS: readonly Metric[] = [
  {
    name: 'mqttrep_store_commit_seconds',
    kind: 'histogram',
    help: 'Time that the store took to make a commit durable.',
    labels: [],
    panel: 'Commits and ticks',
    buckets: BOUNDS.commit,
    source: durations('commits'),
  },
  {
    name: 'mqttrep_store_commit_failures_total',
    kind: 'counter',
    help: 'Commits that the store could not write.',
    labels: [],
    panel: 'Reconnects and restarts',
    source: counted('storeFailures'),
  },
  {
    name: 'mqttrep_tick_seconds',
    kind: 'histogram',
    help: 'Time that the reconciler was busy with a tick.',
    labels: [],
    panel: 'Commits and ticks',
    buckets: BOUNDS.tick,
    source: durations('ticks'),
  },
  {
    name: 'mqttrep_actor_restarts_total',
    kind: 'counter',
    help: 'Worker threads that crashed and were started again.',
    labels: ['actor'],
    panel: 'Reconnects and restarts',
    source: ({ measurements, reconcilerRestarts, eventRestarts }) => [
      [{ actor: 'reconciler' }, reconcilerRestarts()],
      [{ actor: 'events' }, eventRestarts()],
      ...measurements.brokers.map(({ name, record }) => [{ actor: name }, record.restarts] as const),
    ],
    notes: '`actor` is the name of a broker, `reconciler`, or `events` for the event actor.',
  },
  {
    name: 'mqttrep_http_connections_displaced_total',
    kind: 'counter',
    help: 'Connections to the status server that mqttrep closed to make room for others.',
    labels: [],
    panel: 'Reconnects and restarts',
    source: ({ displaced }) => [[{}, displaced()]],
  },
  {
    name: 'mqttrep_build_info',
    kind: 'gauge',
    help: 'Always 1; the labels are the versions of mqttrep and of Node.js.',
    labels: ['version', 'node'],
    panel: 'Version',
    source: ({ version }) => [[{ version, node: process.versions.node }, 1]],
  },
];

/** Of the process, as prom-client measures them. */
export const DEFAULT_METRICS: readonly DefaultMetric[] = [
  {
    name: 'process_start_time_seconds',
    kind: 'gauge',
    help: 'When the process started, in seconds since 1970.',
    panel: null,
  },
  {
    name: 'process_resident_memory_bytes',
    kind: 'gauge',
    help: 'Memory in RAM, of all threads.',
    panel: 'Memory',
  },
  {
    name: 'process_virtual_memory_bytes',
    kind: 'gauge',
    help: 'Virtual memory; on Linux only.',
    panel: null,
  },
  {
    name: 'process_heap_bytes',
    kind: 'gauge',
    help: 'Data segment of the process; on Linux only.',
    panel: null,
  },
  {
    name: 'process_cpu_seconds_total',
    kind: 'counter',
    help: 'Processor time, of all threads.',
    panel: 'Processor',
  },
  {
    name: 'process_cpu_user_seconds_total',
    kind: 'counter',
    help: 'The part of it in user mode.',
    panel: null,
  },
  {
    name: 'process_cpu_system_seconds_total',
    kind: 'counter',
    help: 'The part of it in the kernel.',
    panel: null,
  },
  { name: 'process_open_fds', kind: 'gauge', help: 'Open file descriptors; on Linux only.', panel: null },
  {
    name: 'process_max_fds',
    kind: 'gauge',
    help: 'File descriptors that the process may open; on Linux only.',
    panel: null,
  },
].map(metric => ({ ...metric, labels: [], source: 'prom-client' }) as DefaultMetric);
