/** What the suite found out about each row, kept in files, from which the table is written. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Transport } from './makes/make.ts';

export interface PairResult {
  readonly partner: string;
  readonly passed: number;
  /** The titles of the cases that failed. */
  readonly failed: readonly string[];
}

export interface EventResult {
  /** What the broker does with a session whose client is away. */
  readonly limits: readonly string[];
  readonly pairs: readonly PairResult[];
}

/** How a row came to no result. */
export type Mishap = 'not installed' | 'broke off' | 'took too long';

export interface Result {
  readonly title: string;
  readonly source: string;
  readonly version: string;
  /** The version that was agreed, such as `MQTT 3.1.1`. */
  readonly protocol: string;
  readonly transport: Transport;
  readonly limits: readonly string[];
  readonly pairs: readonly PairResult[];
  /** Of event topics; undefined if they were not tried. */
  readonly events?: EventResult;
  /** Why there are no pairs, where there are none. */
  readonly mishap?: Mishap;
}

/** From dist/spec/interop: the files are kept beside the sources. */
const folder = fileURLToPath(new URL('../../../spec/interop/results', import.meta.url));

export function saveResult(row: string, result: Result): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${row}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
}

/** By the name of the row. */
export function loadResults(): ReadonlyMap<string, Result> {
  const files = readdirSync(folder).filter(file => file.endsWith('.json'));
  return new Map(
    files.map(file => [
      file.slice(0, -'.json'.length),
      JSON.parse(readFileSync(join(folder, file), 'utf8')) as Result,
    ]),
  );
}
