/** The table of docs/brokers.md, out of the results: it stands between two marks, the rest is written by hand. */

import { VERSION_NAMES } from './limits.ts';
import type { Transport } from './makes/make.ts';
import { MAKES } from './makes/makes.ts';
import type { Result } from './results.ts';
import { ROWS, type Row, rowName } from './rows.ts';

const from = '<!-- table: npm run test:brokers -->';
const to = '<!-- end of the table -->';

const heads = ['broker', 'protocol', 'with mosquitto', 'with itself', 'limits met'];

/** The document with the table put in. Throws where the marks are missing. */
export function withTable(document: string, results: ReadonlyMap<string, Result>): string {
  const [start, end] = [document.indexOf(from), document.indexOf(to)];
  if (start < 0 || end < start) throw new Error(`the document has no «${from}» before «${to}»`);
  return `${document.slice(0, start)}${from}\n\n${table(results)}\n\n${document.slice(end)}`;
}

function table(results: ReadonlyMap<string, Result>): string {
  const rows = ROWS.map(row => {
    const result = results.get(rowName(row));
    return result === undefined ? without(row, 'not run yet') : cells(row, result);
  });
  return [heads, heads.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n');
}

function cells(row: Row, result: Result): string[] {
  if (result.mishap !== undefined) return without(row, result.mishap);
  const { title, version, protocol, transport, limits } = result;
  return [
    `${title} ${version}`,
    spoken(protocol, transport),
    passed(result, 'Mosquitto'),
    passed(result, 'itself'),
    limits.map(limit => limit.replaceAll('|', '\\|')).join('; ') || 'none',
  ];
}

function passed({ pairs }: Result, partner: string): string {
  const pair = pairs.find(found => found.partner === partner);
  if (pair === undefined) return '—';
  const { passed: count, failed } = pair;
  const whole = `${count} of ${count + failed.length}`;
  return failed.length === 0 ? whole : `${whole}; not: ${failed.join('; ')}`;
}

function without({ make, protocol, transport }: Row, reason: string): string[] {
  const version = protocol === undefined ? '' : VERSION_NAMES[protocol];
  return [MAKES[make]?.title ?? make, spoken(version, transport), reason, reason, ''];
}

function spoken(protocol: string, transport: Transport): string {
  if (transport === 'tcp') return protocol;
  return `${protocol}, ${transport === 'tls' ? 'TLS' : 'websocket'}`;
}
