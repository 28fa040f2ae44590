/** The state in words, for a terminal: a pure function from `Status` to lines. */

import { printable, quoted } from '../core/printable.ts';
import type { BrokerStatus, Conflict, ConflictSide, Histogram, Status } from '../status/api.ts';
import { type Align, tableLines } from '../terminal/table.ts';
import type { Look, Style } from '../terminal/terminal.ts';
import { eventTable } from './event-status-text.ts';
import { span } from './status-figures.ts';

/** The number of paths between brokers in the text. */
const MAX_PATHS = 6;

/** The number of conflicts in the text. */
const MAX_CONFLICTS = 5;

const MAX_VALUE_CHARACTERS = 40;

const MAX_NOTE_CHARACTERS = 1_000;

const NUMBER = new Intl.NumberFormat('en');

/** `now`: milliseconds since 1970. */
export function statusLines(look: Look, url: string, status: Status, now: number): string[] {
  const { version, replica, startedAt, brokers, topics, convergence, conflicts } = status;
  const { paint } = look;
  const { converged, diverging, blocked, deleted } = topics;
  const counts = [
    paint('bold', `${topicsIn(converged)} converged`),
    paint(diverging > 0 ? 'yellow' : 'dim', `${NUMBER.format(diverging)} diverging`),
    paint(blocked > 0 ? 'red' : 'dim', `${NUMBER.format(blocked)} blocked`),
    paint('dim', `${NUMBER.format(deleted)} deleted`),
  ];
  return [
    `mqttrep ${printable(version)} at ${url}, up ${span(now - startedAt)}, replica ${printable(replica)}`,
    '',
    counts.join(', '),
    '',
    ...brokerTable(look, status, now),
    ...brokers.flatMap(broker => notes(look, broker)),
    ...eventTable(look, brokers),
    '',
    convergenceLine(convergence),
    ...pathLines(brokers),
    ...(conflicts.length === 0 ? [] : ['', 'Last conflicts', ...conflictLines(conflicts)]),
  ];
}

// ── brokers ──────────────────────────────────────────────────────────────────────────────────────────

const STATE_STYLES: Readonly<Record<BrokerStatus['state'], Style>> = {
  ready: 'green',
  connecting: 'yellow',
  replaying: 'yellow',
  unreachable: 'red',
  refused: 'red',
  parked: 'red',
  paused: 'yellow',
};

interface Column {
  readonly head: string;
  readonly align: Align;
  readonly cell: (broker: BrokerStatus) => string;
}

function brokerTable(look: Look, { brokers, rates }: Status, now: number): string[] {
  const last = rates.at(-1);
  const perSecond = (counts: Readonly<Record<string, number>> | undefined, name: string) =>
    last === undefined ? '–' : rate((counts?.[name] ?? 0) / last.seconds);
  const columns: Column[] = [
    { head: 'broker', align: 'left', cell: ({ name }) => name },
    { head: 'state', align: 'left', cell: ({ state }) => state },
    { head: 'for', align: 'right', cell: ({ since }) => span(now - since) },
    { head: 'MQTT', align: 'right', cell: ({ protocol }) => protocol ?? '–' },
    { head: 'behind', align: 'right', cell: ({ behind }) => NUMBER.format(behind) },
    {
      head: 'oldest',
      align: 'right',
      cell: ({ behindSince }) => (behindSince === null ? '–' : span(now - behindSince)),
    },
    { head: 'in/s', align: 'right', cell: ({ name }) => perSecond(last?.received, name) },
    { head: 'out/s', align: 'right', cell: ({ name }) => perSecond(last?.published, name) },
    { head: 'pending', align: 'right', cell: ({ pending }) => NUMBER.format(pending) },
    { head: 'waiting', align: 'right', cell: ({ waiting }) => NUMBER.format(waiting) },
    {
      head: 'round trip',
      align: 'right',
      cell: ({ roundTrip }) => (roundTrip === null ? '–' : milliseconds(roundTrip)),
    },
    {
      head: 'heartbeat',
      align: 'right',
      cell: ({ heartbeat }) => (heartbeat === null ? '–' : milliseconds(heartbeat)),
    },
  ];
  const cells = brokers.map(broker => columns.map(({ cell }) => printable(cell(broker))));
  const [head = '', ...lines] = tableLines(
    [columns.map(column => column.head), ...cells],
    columns.map(({ align }) => align),
  );
  return [
    look.paint('dim', head),
    ...lines.map((line, index) => look.paint(STATE_STYLES[brokers[index]?.state ?? 'ready'] ?? 'red', line)),
  ];
}

/** What does not fit into the table: why the broker is not connected, and what it lost or refused. */
function notes(
  look: Look,
  {
    name,
    detail,
    blocked,
    deletionsHeld,
    unreadable,
    replayIncomplete,
    dropped,
    ignored,
    heldBack,
    maxRate,
    maxBytesPerSecond,
    silences,
    reconnects,
    restarts,
  }: BrokerStatus,
): string[] {
  const limits = [
    ...(maxRate === null ? [] : [`${NUMBER.format(maxRate)} messages`]),
    ...(maxBytesPerSecond === null ? [] : [`${NUMBER.format(maxBytesPerSecond)} bytes`]),
  ];
  const lost = Object.entries(dropped).map(
    ([reason, count]) => `${NUMBER.format(count)} dropped (${reason})`,
  );
  const parts = [
    ...(detail === '' ? [] : [printable(detail)]),
    ...(blocked === 0 ? [] : [`does not accept ${topicsIn(blocked)}`]),
    ...(deletionsHeld === 0
      ? []
      : [
          `${topicsIn(deletionsHeld)} gone, maybe deleted: 'mqttrep confirm-deletions ${name}' deletes at all brokers, with --refuse it publishes to ${name} again`,
        ]),
    ...(unreadable === 0
      ? []
      : [`does not show ${topicsIn(unreadable)}; perhaps mqttrep has no right to read there`]),
    ...(replayIncomplete
      ? ['replay incomplete: the broker dropped a part of what it retains; mqttrep reads the rest in parts']
      : []),
    ...lost,
    ...(limits.length === 0 ? [] : [`is sent at most ${limits.join(' and ')} a second`]),
    ...Object.entries(ignored).map(([reason, count]) => `${NUMBER.format(count)} ignored (${reason})`),
    ...Object.entries(heldBack).map(([bound, count]) => `limit reached ${times(count)} (${bound})`),
    ...(silences === 0 ? [] : [`connected but silent ${times(silences)}`]),
    ...(reconnects === 0 ? [] : [`reconnected ${times(reconnects)}`]),
    ...(restarts === 0 ? [] : [`its actor restarted ${times(restarts)}`]),
  ];
  return parts.length === 0
    ? []
    : [look.paint('dim', printable(`${name}: ${parts.join('; ')}`, MAX_NOTE_CHARACTERS))];
}

/** The slowest paths between brokers, by heartbeats. */
function pathLines(brokers: readonly BrokerStatus[]): string[] {
  const paths = brokers
    .flatMap(({ name, paths: to }) =>
      Object.entries(to).map(([from, latency]) => ({ path: `${from} → ${name}`, latency })),
    )
    .sort((a, b) => b.latency - a.latency);
  if (paths.length === 0) return [];
  const shown = paths.slice(0, MAX_PATHS).map(({ path, latency }) => `${path} ${milliseconds(latency)}`);
  const title = paths.length > MAX_PATHS ? 'Slowest paths, by heartbeats' : 'Paths, by heartbeats';
  return [`${title}: ${printable(shown.join(', '))}`];
}

// ── convergence, conflicts ───────────────────────────────────────────────────────────────────────────

function convergenceLine({ buckets, count }: Histogram): string {
  if (count === 0) return 'No change has reached all brokers yet.';
  const within = (share: number) => {
    const upTo = buckets.find(bucket => bucket.count >= count * share)?.upTo ?? null;
    const last = buckets.at(-2)?.upTo ?? 0;
    return upTo === null ? `more than ${milliseconds(last)}` : `${milliseconds(upTo)}`;
  };
  if (count === 1) return `1 change reached all brokers, within ${within(1)}.`;
  const changes = `${NUMBER.format(count)} changes`;
  return `${changes} reached all brokers: half of them within ${within(0.5)}, 95 % within ${within(0.95)}.`;
}

function conflictLines(conflicts: readonly Conflict[]): string[] {
  return conflicts.slice(0, MAX_CONFLICTS).map(({ at, topic, winner, loser, decidedBy }) => {
    const time = new Date(at).toTimeString().slice(0, 8);
    return `  ${time}  ${printable(topic)}: ${sideText(winner)} won over ${sideText(loser)} by ${printable(decidedBy)}`;
  });
}

function sideText({ broker, value }: ConflictSide): string {
  const where = broker === '' ? '' : ` (${printable(broker)})`;
  switch (value.kind) {
    case 'text':
      return `${quoted(value.text, MAX_VALUE_CHARACTERS)}${where}`;
    case 'base64':
      return `${value.bytes} bytes${where}`;
    case 'deleted':
      return `a deletion${where}`;
    default:
      return `a value${where}`;
  }
}

// ── figures ──────────────────────────────────────────────────────────────────────────────────────────

function topicsIn(count: number): string {
  return `${NUMBER.format(count)} ${count === 1 ? 'topic' : 'topics'}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${NUMBER.format(count)} times`;
}

function rate(perSecond: number): string {
  if (perSecond === 0) return '0';
  return perSecond < 10 ? perSecond.toFixed(1) : NUMBER.format(Math.round(perSecond));
}

function milliseconds(duration: number): string {
  if (duration < 10) return `${Number(duration.toFixed(1))} ms`;
  if (duration < 1_000) return `${Math.round(duration)} ms`;
  return duration < 60_000 ? `${Number((duration / 1_000).toFixed(1))} s` : span(duration);
}
