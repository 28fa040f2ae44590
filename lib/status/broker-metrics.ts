/** The metrics of each broker; all have the label `broker`. */

import { BOUNDS } from '../protocol/histogram.ts';
import type { Metric } from './metric.ts';
import { countedByReconciler, perBroker, perBrokerAnd } from './per-broker.ts';

const SECONDS_PER_DAY = 86_400;

const droppedOfBrokers = perBrokerAnd('reason', ({ dropped }) => dropped);

export const BROKER_METRICS: readonly Metric[] = [
  {
    name: 'mqttrep_broker_up',
    kind: 'gauge',
    help: '1 if the broker is connected and subscribed, else 0.',
    labels: ['broker'],
    panel: 'Brokers',
    source: perBroker(({ record }) => Number(record.state === 'ready')),
  },
  {
    name: 'mqttrep_broker_parked',
    kind: 'gauge',
    help: '1 if mqttrep does not connect to the broker: its thread crashed too often and rests for ten minutes, or the broker also has another name. Else 0.',
    labels: ['broker'],
    panel: 'Reconnects and restarts',
    source: perBroker(({ record }) => Number(record.state === 'parked')),
  },
  {
    name: 'mqttrep_broker_paused',
    kind: 'gauge',
    help: '1 if a person has paused the replication of the broker, else 0.',
    labels: ['broker'],
    panel: 'Reconnects and restarts',
    source: perBroker(({ record }) => Number(record.state === 'paused')),
  },
  {
    name: 'mqttrep_broker_reconnects_total',
    kind: 'counter',
    help: 'Connections to the broker after the first one.',
    labels: ['broker'],
    panel: 'Reconnects and restarts',
    source: perBroker(({ record }) => record.reconnects),
  },
  {
    name: 'mqttrep_messages_received_total',
    kind: 'counter',
    help: "Messages that the broker delivered, including the echoes of mqttrep's own.",
    labels: ['broker'],
    panel: 'Received',
    source: perBroker(({ counts }) => counts?.received ?? 0),
  },
  {
    name: 'mqttrep_messages_published_total',
    kind: 'counter',
    help: 'Messages that mqttrep published to the broker.',
    labels: ['broker'],
    panel: 'Published',
    source: perBroker(({ counts }) => counts?.published ?? 0),
  },
  {
    name: 'mqttrep_messages_dropped_total',
    kind: 'counter',
    help: 'Messages that mqttrep did not replicate, or that the broker did not accept.',
    labels: ['broker', 'reason'],
    panel: 'Dropped',
    source: sources => [
      ...droppedOfBrokers(sources),
      ...Object.entries(sources.measurements.reconcilerCounts?.refused ?? {}).map(
        ([reason, count]) => [{ reason }, count] as const,
      ),
    ],
    notes: `- Beyond a bound (\`MQTTREP_MAX_…\`): \`payload_too_large\`, \`too_many_topics\`, \`too_much_memory\`,
  \`too_many_topics_of_broker\`, \`too_much_memory_of_broker\`, \`topic_too_long\`, \`topic_too_deep\`. Also \`backlog\`: a
  persistent session (\`clean: false\`) had more than 10,000 messages, or 16 MB, waiting.
- Another broker may close the connection because of it, or it violates the protocol: \`topic_control_characters\`,
  \`topic_noncharacters\`, \`topic_characters\`, \`topic_not_utf8\`, \`empty_topic\`, \`properties_characters\`,
  \`properties_malformed\`, \`properties_too_many\` (more than 1,000 user properties), \`properties_too_large\` (more than
  64 KiB of properties). \`publish_malformed\` is the same for a message that mqttrep would publish.
- \`stored\`, without a broker: a topic that the store of an earlier version holds, but that this version does not accept.`,
  },
  {
    name: 'mqttrep_messages_ignored_total',
    kind: 'counter',
    help: 'Messages that the broker delivered and that the configuration leaves out.',
    labels: ['broker', 'reason'],
    panel: 'Dropped',
    source: perBrokerAnd('reason', ({ ignored }) => ignored),
    notes: `- \`excluded\`: the topic is excluded at this broker (\`MQTTREP_EXCLUDE_…\`).
- \`unmapped\`: by the mapping rules (\`MQTTREP_MAP_…\`) no topic has that name at this broker.`,
  },
  {
    name: 'mqttrep_limits_reached_total',
    kind: 'counter',
    help: 'How often mqttrep reached a limit of what it sends or reads ahead. Nothing is lost: further changes wait, only the newest value of each topic.',
    labels: ['broker', 'limit'],
    panel: 'In flight',
    source: perBrokerAnd('limit', ({ heldBack }) => heldBack),
    notes: `- \`pending\`: 1,000 messages (8,000 if the broker is fast), or 16 MB, were in flight to the broker. Topics wait until half of them are
  acknowledged.
- \`pending_of_topic\`: 32 publishes of one topic were unconfirmed. Its newest value waits.
- \`rate\`: the rate of \`maxRate\` or \`maxBytesPerSecond\` was reached. Topics wait for their turn.
- \`ingress\`: the reconciler had not yet handled 8 batches of messages, of up to 256 KB each. mqttrep did not acknowledge
  the next message of the broker.`,
  },
  {
    name: 'mqttrep_rate_wait_seconds_total',
    kind: 'counter',
    help: 'Seconds in which something waited for the rate of `maxRate` or `maxBytesPerSecond`.',
    labels: ['broker'],
    panel: 'In flight',
    source: perBroker(({ counts }) => counts?.waitedForRate ?? 0),
    notes:
      'If its rate is 1 for long, more is written than the broker may be sent: it gets the newest value of each topic, later.',
  },
  {
    name: 'mqttrep_raced_writes_total',
    kind: 'counter',
    help: 'Messages that raced with another write at the broker. mqttrep probes their topic again when it is idle.',
    labels: ['broker'],
    panel: 'Conflicts',
    source: countedByReconciler('racedWrites'),
  },
  {
    name: 'mqttrep_retained_messages_lost_total',
    kind: 'counter',
    help: 'Retained messages that the broker lost although no client was seen to delete them. mqttrep publishes them again.',
    labels: ['broker'],
    panel: 'Conflicts',
    source: countedByReconciler('vanished'),
  },
  {
    name: 'mqttrep_history_values_dropped_total',
    kind: 'counter',
    help: 'Recent values of the broker that mqttrep forgot for lack of room.',
    labels: ['broker'],
    panel: 'Conflicts',
    source: countedByReconciler('historyDropped'),
    notes:
      'If the broker loses its last moments in a crash, mqttrep cannot recognise such a value, and takes it for a new write.',
  },
  {
    name: 'mqttrep_deletions_held',
    kind: 'gauge',
    help: 'Topics that the broker lacks, and that mqttrep deletes elsewhere only after a person confirms it.',
    labels: ['broker'],
    panel: 'Topics that each broker lacks',
    source: perBroker(({ link }) => link?.deletionsHeld ?? 0),
    notes: 'Alert on this. `mqttrep confirm-deletions` decides.',
  },
  {
    name: 'mqttrep_topics_unreadable',
    kind: 'gauge',
    help: 'Topics that the broker does not show, perhaps because mqttrep may not read them. mqttrep leaves them unchanged.',
    labels: ['broker'],
    panel: 'Topics that each broker lacks',
    source: perBroker(({ link }) => link?.unreadable ?? 0),
  },
  {
    name: 'mqttrep_replay_incomplete',
    kind: 'gauge',
    help: '1 if the broker dropped a part of its replay and mqttrep has not read the rest yet, else 0.',
    labels: ['broker'],
    panel: 'Topics that each broker lacks',
    source: perBroker(({ link }) => Number(link?.isReplayIncomplete ?? false)),
    notes: 'Alert on this if it stays. The log names the filter.',
  },
  {
    name: 'mqttrep_topics_behind',
    kind: 'gauge',
    help: 'Topics of which the broker does not hold the winner, connected or not.',
    labels: ['broker'],
    panel: 'Topics that each broker lacks',
    source: perBroker(({ link }) => link?.behind ?? 0),
  },
  {
    name: 'mqttrep_topics_blocked',
    kind: 'gauge',
    help: 'Topics that the broker does not accept.',
    labels: ['broker'],
    panel: 'Topics that each broker lacks',
    source: perBroker(({ link }) => link?.blocked ?? 0),
  },
  {
    name: 'mqttrep_topics_waiting',
    kind: 'gauge',
    help: 'Topics that wait to be sent to the broker.',
    labels: ['broker'],
    panel: 'In flight',
    source: perBroker(({ link }) => link?.waiting ?? 0),
  },
  {
    name: 'mqttrep_publishes_pending',
    kind: 'gauge',
    help: 'Publishes to the broker that no echo has confirmed yet.',
    labels: ['broker'],
    panel: 'In flight',
    source: perBroker(({ link }) => link?.pending ?? 0),
  },
  {
    name: 'mqttrep_certificate_remaining_seconds',
    kind: 'gauge',
    help: 'Time until a certificate of the connection to the broker ends.',
    labels: ['broker', 'certificate'],
    panel: null,
    source: perBrokerAnd('certificate', ({ certificateDays }) =>
      Object.fromEntries(
        Object.entries(certificateDays).map(([which, days]) => [which, days * SECONDS_PER_DAY]),
      ),
    ),
    notes:
      '`broker` is that of the broker (not known over a websocket), `mqttrep` that of `certFile`. Alert below 14 days (1,209,600 s): the log warns then, too.',
  },
  {
    name: 'mqttrep_token_remaining_seconds',
    kind: 'gauge',
    help: 'Seconds until the token ends that mqttrep connected with.',
    labels: ['broker'],
    panel: null,
    source: ({ measurements }) =>
      measurements.brokers.flatMap(({ name, tokenSeconds }) =>
        tokenSeconds === undefined ? [] : [[{ broker: name }, tokenSeconds] as const],
      ),
    notes:
      'a JWT or a SAS in place of the password. mqttrep renews it at 80 % of its life. Alert at 0, or where it falls below a tenth of the life of your tokens: the log warns then, too.',
  },
  {
    name: 'mqttrep_publish_round_trip_seconds',
    kind: 'histogram',
    help: 'Time from a publish to its acknowledgement. mqttrep measures one publish at a time.',
    labels: ['broker'],
    panel: 'Round trip',
    buckets: BOUNDS.roundTrip,
    source: ({ measurements }) =>
      measurements.brokers.flatMap(({ name, counts }) =>
        counts === undefined ? [] : [[{ broker: name }, counts.roundTrips] as const],
      ),
  },
];
