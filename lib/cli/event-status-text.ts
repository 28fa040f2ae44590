/** The event topics in words: a table of the brokers, if there are event topics. */

import { printable } from '../core/printable.ts';
import type { BrokerStatus, EventStatus } from '../status/api.ts';
import { tableLines } from '../terminal/table.ts';
import type { Look, Style } from '../terminal/terminal.ts';
import { span } from './status-figures.ts';

const NUMBER = new Intl.NumberFormat('en');

const STATE_STYLES: Readonly<Record<EventStatus['state'], Style>> = {
  flowing: 'green',
  resolving: 'yellow',
  holding: 'red',
  away: 'red',
};

const HEADS = ['events', 'state', 'received', 'delivered', 'queued', 'bytes', 'oldest', 'dropped'];

export function eventTable(look: Look, brokers: readonly BrokerStatus[]): string[] {
  const rows = brokers.flatMap(({ name, events }) => (events === null ? [] : [{ name, events }]));
  if (rows.length === 0) return [];
  const cells = rows.map(({ name, events }) => [
    printable(name),
    events.state,
    NUMBER.format(events.received),
    NUMBER.format(events.delivered),
    NUMBER.format(events.queued),
    NUMBER.format(events.bytes),
    events.queued === 0 ? '–' : span(events.oldest),
    droppedText(events.dropped),
  ]);
  const [head = '', ...lines] = tableLines(
    [HEADS, ...cells],
    ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'left'],
  );
  return [
    '',
    look.paint('dim', head),
    ...lines.map((line, index) => look.paint(STATE_STYLES[rows[index]?.events.state ?? 'flowing'], line)),
  ];
}

function droppedText(dropped: EventStatus['dropped']): string {
  const reasons = Object.entries(dropped).map(([reason, count]) => `${NUMBER.format(count)} ${reason}`);
  return reasons.length === 0 ? '–' : printable(reasons.join(', '));
}
