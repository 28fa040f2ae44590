/** The table of docs/brokers.md, out of the results: it stands between two marks, the rest is written by hand. */

import { VERSION_NAMES } from './limits.ts';
import type { Transport } from './makes/make.ts';
import { MAKES } from './makes/makes.ts';
import type { Result } from './results.ts';
import { ROWS, type Row, rowName } from './rows.ts';

const from = '<!-- table: npm run test:brokers -->';
const to = '<!-- end of the table -->';

const heads = ['broker', 'protocol', 'with mosquitto', 'with itself', 'event topics', 'limits met'];

const eventsFrom = '<!-- table of event topics: npm run test:brokers -->';
const eventsTo = '<!-- end of the table of event topics -->';

const eventHeads = ['broker', 'protocol', 'with mosquitto', 'with itself', 'a session whose client is away'];

/** The document with the tables put in. Throws where the marks are missing. */
export function withTable(document: string, results: ReadonlyMap<string, Result>): string {
  const whole = between(document, from, to, table(results));
  return between(whole, eventsFrom, eventsTo, eventTable(results));
}

function between(document: string, begin: string, finish: string, content: string): string {
  const [start, end] = [document.indexOf(begin), document.indexOf(finish)];
  if (start < 0 || end < start) throw new Error(`the document has no «${begin}» before «${finish}»`);
  return `${document.slice(0, start)}${begin}\n\n${content}\n\n${document.slice(end)}`;
}

function table(results: ReadonlyMap<string, Result>): string {
  const rows = ROWS.map(row => {
    const result = results.get(rowName(row));
    return result === undefined ? without(row, 'not run yet') : cells(row, result);
  });
  return asTable(heads, rows);
}

/** The rows in which event topics were tried. */
function eventTable(results: ReadonlyMap<string, Result>): string {
  const rows = ROWS.flatMap(row => {
    const result = results.get(rowName(row));
    if (result?.events === undefined) return [];
    const { title, version, protocol, transport, events } = result;
    return [
      [
        `${title} ${version}`,
        spoken(protocol, transport),
        passed(events, 'Mosquitto'),
        passed(events, 'itself'),
        events.limits.join('; '),
      ],
    ];
  });
  return asTable(eventHeads, rows);
}

function asTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return [titles, titles.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n');
}

function cells(row: Row, result: Result): string[] {
  if (result.mishap !== undefined) return without(row, result.mishap);
  const { title, version, protocol, transport, limits } = result;
  return [
    `${title} ${version}`,
    spoken(protocol, transport),
    passed(result, 'Mosquitto'),
    passed(result, 'itself'),
    eventCases(result),
    limits.map(limit => limit.replaceAll('|', '\\|')).join('; ') || 'none',
  ];
}

/** Of both pairs together. */
function eventCases({ events }: Result): string {
  if (events === undefined) return 'not run';
  const passedCases = events.pairs.reduce((sum, { passed: count }) => sum + count, 0);
  const failedCases = events.pairs.reduce((sum, { failed }) => sum + failed.length, 0);
  return `${passedCases} of ${passedCases + failedCases}`;
}

function passed({ pairs }: Pick<Result, 'pairs'>, partner: string): string {
  const pair = pairs.find(found => found.partner === partner);
  if (pair === undefined) return '—';
  const { passed: count, failed } = pair;
  const whole = `${count} of ${count + failed.length}`;
  return failed.length === 0 ? whole : `${whole}; not: ${failed.join('; ')}`;
}

function without({ make, protocol, transport }: Row, reason: string): string[] {
  const version = protocol === undefined ? '' : VERSION_NAMES[protocol];
  return [MAKES[make]?.title ?? make, spoken(version, transport), reason, reason, '', ''];
}

function spoken(protocol: string, transport: Transport): string {
  if (transport === 'tcp') return protocol;
  return `${protocol}, ${transport === 'tls' ? 'TLS' : 'websocket'}`;
}
