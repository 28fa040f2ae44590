/** The metrics of event topics, by broker. There are none if no topic is an event topic. */

import type { EventState } from './event-measurements.ts';
import type { BrokerState } from './measurements.ts';
import type { Metric, ValueMetric } from './metric.ts';

type Counts = EventState['counts'];

function perBroker(numberOf: (events: EventState) => number): ValueMetric['source'] {
  return ({ measurements }) =>
    withEvents(measurements.brokers).map(([broker, events]) => [{ broker }, numberOf(events)]);
}

function counted(field: keyof Omit<Counts, 'dropped'>): ValueMetric['source'] {
  return perBroker(({ counts }) => counts[field]);
}

function withEvents(brokers: readonly BrokerState[]): (readonly [name: string, events: EventState])[] {
  return brokers.flatMap(({ name, events }) => (events === undefined ? [] : [[name, events] as const]));
}

export const EVENT_METRICS: readonly Metric[] = [
  {
    name: 'mqttrep_events_received_total',
    kind: 'counter',
    help: 'Events that clients of the broker published, and that mqttrep took in.',
    labels: ['broker'],
    panel: 'Events',
    source: counted('received'),
  },
  {
    name: 'mqttrep_events_delivered_total',
    kind: 'counter',
    help: 'Events that mqttrep published to the broker, and that the broker acknowledged.',
    labels: ['broker'],
    panel: 'Events',
    source: counted('delivered'),
  },
  {
    name: 'mqttrep_events_resent_total',
    kind: 'counter',
    help: 'Events that mqttrep published to the broker again, because the connection ended before the acknowledgement.',
    labels: ['broker'],
    panel: 'Events sent again or lost',
    source: counted('resent'),
  },
  {
    name: 'mqttrep_events_redelivered_dropped_total',
    kind: 'counter',
    help: 'Events that the broker delivered again though mqttrep had them, and that mqttrep therefore dropped.',
    labels: ['broker'],
    panel: 'Events sent again or lost',
    source: counted('redeliveredDropped'),
  },
  {
    name: 'mqttrep_events_echo_missing_total',
    kind: 'counter',
    help: 'Events that the broker acknowledged and did not deliver back: it denied or dropped them (MQTT 3.1.1).',
    labels: ['broker'],
    panel: 'Events sent again or lost',
    source: counted('echoMissing'),
  },
  {
    name: 'mqttrep_events_unresolved_total',
    kind: 'counter',
    help: 'Events that mqttrep sent again without knowing whether they had arrived, because the broker showed no fence.',
    labels: ['broker'],
    panel: 'Events sent again or lost',
    source: counted('unresolved'),
  },
  {
    name: 'mqttrep_events_dropped_total',
    kind: 'counter',
    help: 'Events that will not reach the broker.',
    labels: ['broker', 'filter', 'reason'],
    panel: 'Events sent again or lost',
    source: ({ measurements }) =>
      withEvents(measurements.brokers).flatMap(([broker, { counts }]) =>
        Object.entries(counts.dropped).flatMap(([filter, reasons]) =>
          Object.entries(reasons).map(([reason, count]) => [{ broker, filter, reason }, count] as const),
        ),
      ),
    notes: `Alert on this. \`filter\` is the topic filter of the configuration. The reasons are \`full\` (the queue had no room),
  \`expired\`, \`refused\` (the broker denied the event, or closed the connection on it), \`too_large\`, and \`overrun\` (QoS 0,
  and mqttrep was behind).`,
  },
  {
    name: 'mqttrep_event_queue_messages',
    kind: 'gauge',
    help: 'Events that wait for the broker.',
    labels: ['broker'],
    panel: 'Event queues',
    source: perBroker(({ messages }) => messages),
  },
  {
    name: 'mqttrep_event_queue_bytes',
    kind: 'gauge',
    help: 'Bytes of the events that wait for the broker.',
    labels: ['broker'],
    panel: 'Event queue bytes',
    source: perBroker(({ bytes }) => bytes),
  },
  {
    name: 'mqttrep_event_queue_oldest_seconds',
    kind: 'gauge',
    help: 'Age of the oldest event that waits for the broker; 0 if none waits.',
    labels: ['broker'],
    panel: 'Oldest waiting event',
    source: perBroker(({ oldestSeconds }) => oldestSeconds),
    notes: 'Alert on this if it grows.',
  },
  {
    name: 'mqttrep_event_link_flowing',
    kind: 'gauge',
    help: '1 if mqttrep delivers events to the broker, 0 if it is not connected, finds out what arrived, or must hold.',
    labels: ['broker'],
    panel: 'Event queues',
    source: perBroker(({ state }) => Number(state === 'flowing')),
  },
  {
    name: 'mqttrep_event_session_lost_total',
    kind: 'counter',
    help: 'How often the broker no longer had the session in which it keeps events for mqttrep.',
    labels: ['broker'],
    panel: 'Events sent again or lost',
    source: counted('sessionsLost'),
  },
  {
    name: 'mqttrep_event_log_bytes',
    kind: 'gauge',
    help: 'Bytes of the event log on disk.',
    labels: [],
    panel: 'Event queue bytes',
    source: ({ measurements: { eventLog } }) => (eventLog === undefined ? [] : [[{}, eventLog.bytes]]),
  },
  {
    name: 'mqttrep_event_log_commit_failures_total',
    kind: 'counter',
    help: 'Commits that the event log could not write. Nothing is acknowledged until it can.',
    labels: [],
    panel: 'Reconnects and restarts',
    source: ({ measurements: { eventLog } }) =>
      eventLog === undefined ? [] : [[{}, eventLog.commitFailures]],
  },
];
