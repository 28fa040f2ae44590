/**
 * `npm run test:brokers` installs every broker of the table, puts each row through the suite in a process of its
 * own, and writes the table of docs/brokers.md. `-- NAME…` does so with these makes or rows alone. A row that cannot
 * be installed, breaks off or takes too long holds up no other: the table says so in its place.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { VERSION_NAMES } from './limits.ts';
import { MAKES } from './makes/makes.ts';
import { loadResults, type Mishap, saveResult } from './results.ts';
import { PROTOCOLS, ROWS, type Row, rowName } from './rows.ts';
import { withTable } from './table.ts';

/** From dist/spec/interop. */
const root = new URL('../../../', import.meta.url);
const installer = fileURLToPath(new URL('spec/interop/install.sh', root));
const runner = fileURLToPath(new URL('./test-broker.js', import.meta.url));
const document = fileURLToPath(new URL('docs/brokers.md', root));

/** The slowest takes a quarter of that. */
const rowLimitMs = 40 * 60_000;

type Outcome = 'passed' | 'cases failed' | Mishap;

const { positionals } = parseArgs({ allowPositionals: true });
const unknown = positionals.filter(name => !ROWS.some(row => isNamed(row, name)));
if (unknown.length > 0) {
  console.error(`no such row: ${unknown.join(', ')}; there are: ${ROWS.map(rowName).join(', ')}`);
  process.exit(64);
}
const rows = ROWS.filter(row => positionals.length === 0 || positionals.some(name => isNamed(row, name)));
const failed = rows.map(rowOutcome).filter(({ outcome }) => outcome !== 'passed');
console.log(
  failed.length === 0
    ? `\nall ${rows.length} rows passed`
    : `\nof ${rows.length} rows ${failed.length} did not pass:\n${failed.map(said).join('')}`,
);
process.exit(failed.length === 0 ? 0 : 1);

/** By its own name, or by that of its make. */
function isNamed(row: Row, name: string): boolean {
  return name === row.make || name === rowName(row);
}

/** Writes the table after each row: the whole takes more than an hour. */
function rowOutcome(row: Row): { row: Row; outcome: Outcome } {
  console.log(`\n== ${rowName(row)}`);
  const outcome = run(row);
  if (outcome !== 'passed' && outcome !== 'cases failed') saveMishap(row, outcome);
  writeFileSync(document, withTable(readFileSync(document, 'utf8'), loadResults()));
  return { row, outcome };
}

function run({ make, protocol, transport }: Row): Outcome {
  if (ended('bash', [installer, make]) !== 0) return 'not installed';
  const version = protocol === undefined ? [] : ['--protocol', PROTOCOLS[protocol]];
  const args = ['--enable-source-maps', runner, make, ...version, '--transport', transport];
  const code = ended(process.execPath, args);
  if (code === 0) return 'passed';
  if (code === 1) return 'cases failed';
  return code === undefined ? 'took too long' : 'broke off';
}

/** The exit code of a program; undefined where it did not end by itself in time. */
function ended(program: string, args: readonly string[]): number | null | undefined {
  const { status, error } = spawnSync(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: rowLimitMs,
  });
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT' ? undefined : status;
}

function saveMishap(row: Row, mishap: Mishap): void {
  const { make, protocol, transport } = row;
  const { title = make, source = '' } = MAKES[make] ?? {};
  const spoken = protocol === undefined ? '' : VERSION_NAMES[protocol];
  saveResult(rowName(row), {
    title,
    source,
    version: '',
    protocol: spoken,
    transport,
    limits: [],
    pairs: [],
    mishap,
  });
}

function said({ row, outcome }: { row: Row; outcome: Outcome }): string {
  return `  ${rowName(row)}: ${outcome}\n`;
}
