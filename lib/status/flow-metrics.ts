/** Whether messages flow: heartbeats, the paths between brokers, and how long changes wait. */

import type { BrokerState } from './measurements.ts';
import type { Metric, ValueMetric } from './metric.ts';

/** A number of each broker that has one. */
function known(numberOf: (broker: BrokerState) => number | null | undefined): ValueMetric['source'] {
  return ({ measurements }) =>
    measurements.brokers.flatMap(broker => {
      const number = numberOf(broker);
      return number === null || number === undefined ? [] : [[{ broker: broker.name }, number] as const];
    });
}

const secondsSince = (time: number) => Math.max(0, Date.now() - time) / 1_000;

export const FLOW_METRICS: readonly Metric[] = [
  {
    name: 'mqttrep_heartbeat_round_trip_seconds',
    kind: 'gauge',
    help: 'Time from the publish of the last heartbeat at the broker until it came back.',
    labels: ['broker'],
    panel: 'Heartbeats',
    source: known(({ heartbeat }) =>
      typeof heartbeat?.latency === 'number' ? heartbeat.latency / 1_000 : null,
    ),
  },
  {
    name: 'mqttrep_heartbeat_age_seconds',
    kind: 'gauge',
    help: 'Time since a heartbeat came back from the broker for the last time.',
    labels: ['broker'],
    panel: 'Heartbeats',
    source: known(({ heartbeat }) =>
      typeof heartbeat?.cameBackAt === 'number' ? secondsSince(heartbeat.cameBackAt) : null,
    ),
    notes: 'Alert on this if it exceeds three periods of `MQTTREP_HEARTBEAT`.',
  },
  {
    name: 'mqttrep_path_latency_seconds',
    kind: 'gauge',
    help: 'Time of the last heartbeat from one broker to another, by way of the reconciler, without the wait for a tick.',
    labels: ['from', 'to'],
    panel: 'Paths between brokers',
    source: ({ measurements }) =>
      measurements.brokers.flatMap(({ name: to, heartbeat }) =>
        Object.entries(heartbeat?.paths ?? {}).map(
          ([from, latency]) => [{ from, to }, latency / 1_000] as const,
        ),
      ),
  },
  {
    name: 'mqttrep_silent_connections_total',
    kind: 'counter',
    help: 'Connections that stood and carried nothing, and that mqttrep therefore closed and opened again.',
    labels: ['broker'],
    panel: 'Reconnects and restarts',
    source: known(({ counts }) => counts?.silences ?? 0),
  },
  {
    name: 'mqttrep_oldest_undelivered_change_age_seconds',
    kind: 'gauge',
    help: 'Age of the oldest change that the broker does not have yet; 0 if there is none. Refused topics do not count.',
    labels: ['broker'],
    panel: 'Oldest undelivered change',
    source: known(({ link }) => (typeof link?.behindSince === 'number' ? secondsSince(link.behindSince) : 0)),
    notes: 'Alert on this: it grows while a broker is away, and while a connection carries nothing.',
  },
];
