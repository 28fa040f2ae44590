/**
 * `npm run test:brokers` installs every broker of the table, puts each row through the suite in a process of its
 * own, and writes the table of docs/brokers.md. `-- NAME…` does so with these makes or rows alone.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadResults } from './results.ts';
import { PROTOCOLS, ROWS, type Row, rowName } from './rows.ts';
import { withTable } from './table.ts';

/** From dist/spec/interop. */
const root = new URL('../../../', import.meta.url);
const installer = fileURLToPath(new URL('spec/interop/install.sh', root));
const runner = fileURLToPath(new URL('./test-broker.js', import.meta.url));
const document = fileURLToPath(new URL('docs/brokers.md', root));

const { positionals } = parseArgs({ allowPositionals: true });
const rows = ROWS.filter(isWanted);
if (rows.length === 0) {
  console.error(`no such row; there are: ${ROWS.map(rowName).join(', ')}`);
  process.exit(64);
}
const failed = rows.filter(row => !runs(row)).map(rowName);
writeFileSync(document, withTable(readFileSync(document, 'utf8'), loadResults()));
console.log(failed.length === 0 ? `all ${rows.length} rows passed` : `failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);

function isWanted(row: Row): boolean {
  return positionals.length === 0 || positionals.some(name => name === row.make || name === rowName(row));
}

function runs(row: Row): boolean {
  const { make, protocol, transport } = row;
  const version = protocol === undefined ? [] : ['--protocol', PROTOCOLS[protocol]];
  console.log(`\n== ${rowName(row)}`);
  return (
    succeeds('bash', [installer, make]) &&
    succeeds(process.execPath, ['--enable-source-maps', runner, make, ...version, '--transport', transport])
  );
}

function succeeds(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}
