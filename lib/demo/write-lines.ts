/** The lines of one write in the demo's terminal: a row of a table, or a plain sentence. */

import { printable } from '../core/printable.ts';
import type { Look, Style } from '../terminal/terminal.ts';
import { COLOURS, painted, shownValue, TIME_WIDTH, time } from './line-parts.ts';
import { othersOf, REMOTE, SITES, type SiteName } from './sites.ts';
import type { Write } from './write-log.ts';

const WIDTHS = { site: 7, topic: 22, value: 9, arrival: 10 } as const;
const FIXED = TIME_WIDTH + 2 + WIDTHS.site + WIDTHS.topic + WIDTHS.value;

/** The head of the table; plain sentences have none. */
export function tableHead(look: Look): string[] {
  if (look.mode === 'plain') return [];
  const columns = [
    ''.padEnd(TIME_WIDTH + 2),
    'from'.padEnd(WIDTHS.site),
    'topic'.padEnd(WIDTHS.topic),
    'value'.padEnd(WIDTHS.value),
    ...SITES.map(site => `at ${site}`.padStart(WIDTHS.arrival)),
  ];
  return [look.paint('dim', columns.join('').trimEnd())];
}

/** A write, and when it arrived at the other sites. `elapsed`: when it was made, in milliseconds since the demo began. */
export function writeLines(look: Look, write: Write, elapsed: number): string[] {
  return look.mode === 'table' ? [row(look, write, elapsed)] : [sentence(look, write, elapsed)];
}

function row(look: Look, write: Write, elapsed: number): string {
  const { site, topic, payload } = write;
  const value = shownValue(write).padEnd(WIDTHS.value);
  return [
    time(look, elapsed),
    painted(look, site, WIDTHS.site),
    printable(topic).padEnd(WIDTHS.topic),
    payload === '' ? look.paint('red', value) : value,
    arrivals(look, write),
  ].join('');
}

function arrivals(look: Look, write: Write): string {
  const cells = SITES.map(site => ({ site, text: cell(write, site).padStart(WIDTHS.arrival) }));
  const style = (site: SiteName): Style => {
    if (site === write.site) return COLOURS[site];
    return write.deliveries.get(site)?.kind === 'arrived' ? 'green' : 'dim';
  };
  // The explanation replaces the cells of the sites that are cut off.
  const reached = cells.filter(({ site }) => write.deliveries.get(site)?.kind !== 'cut off');
  const kept = write.site === REMOTE ? [] : reached;
  const why =
    write.site === REMOTE ? `${REMOTE} is cut off: they receive it later` : 'cut off: receives it later';
  const room = look.columns - FIXED - kept.length * WIDTHS.arrival - 3;
  const explained = reached.length < cells.length && why.length <= room;
  const shown = (explained ? kept : cells).map(({ site, text }) => look.paint(style(site), text)).join('');
  return explained ? `${shown}   ${look.paint('dim', why)}` : shown;
}

function cell(write: Write, site: SiteName): string {
  if (site === write.site) return '●';
  const delivery = write.deliveries.get(site);
  return delivery?.kind === 'arrived' ? `${Math.round(delivery.milliseconds)} ms` : (delivery?.kind ?? '');
}

function sentence(look: Look, write: Write, elapsed: number): string {
  const { site, topic, payload, deliveries } = write;
  const verb = write.isCommand ? 'commanded' : 'wrote';
  const did =
    payload === '' ? `deleted ${printable(topic)}` : `${verb} ${printable(topic)} = ${printable(payload)}`;
  const waiting = othersOf(site).filter(other => deliveries.get(other)?.kind === 'cut off');
  const parts = othersOf(site)
    .filter(other => !waiting.includes(other))
    .map(other => `${other} ${arrival(write, other)}`);
  const [late] = waiting;
  if (late !== undefined) {
    const why = site === REMOTE ? `${site} is cut off: ${list(waiting)}` : `${late} is cut off: it`;
    parts.push(`${why} will receive this when the link is healed`);
  }
  return `${time(look, elapsed)}${site} ${did}: ${parts.join(', ')}`;
}

function arrival(write: Write, site: SiteName): string {
  const delivery = write.deliveries.get(site);
  switch (delivery?.kind) {
    case 'arrived':
      return `after ${Math.round(delivery.milliseconds)} ms`;
    case 'replaced':
      return 'received a newer value instead';
    default:
      return 'has not received it yet';
  }
}

function list(names: readonly string[]): string {
  return names.join(' and ');
}
