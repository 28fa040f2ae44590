/** `mqttrep check`: is the configuration valid? */

import type { Config } from '../config/config.ts';
import { printableJson } from '../core/printable.ts';
import { EXIT } from './exit-codes.ts';
import { type Loaded, loadConfig, printProblems, type Source } from './load-config.ts';
import { sameAddresses } from './same-address.ts';

export type Format = 'text' | 'json';

/** The result of `check`, as data. */
export interface Verdict {
  readonly valid: boolean;
  readonly errors: Loaded['errors'];
  readonly warnings: Loaded['warnings'];
  readonly brokers: readonly string[];
  readonly filters: readonly string[];
}

export async function check(source: Source, format: Format): Promise<number> {
  const loaded = await withSameAddresses(await loadConfig(source));
  if (format === 'json') printJson(verdict(loaded));
  else printProblems(loaded);
  if (loaded.config === undefined) return EXIT.config;
  if (format === 'text') process.stdout.write(`${validity(loaded.config)}\n`);
  return EXIT.ok;
}

async function withSameAddresses(loaded: Loaded): Promise<Loaded> {
  const found = await sameAddresses(loaded.config?.brokers ?? []);
  const placed = found.map(problem => ({ ...problem, variable: loaded.sourceOf(problem.variable) }));
  return { ...loaded, warnings: [...loaded.warnings, ...placed] };
}

export function verdict({ config, errors, warnings }: Loaded): Verdict {
  return {
    valid: config !== undefined,
    errors,
    warnings,
    brokers: config?.brokers.map(({ name }) => name) ?? [],
    filters: config?.topics.map(({ filter }) => filter) ?? [],
  };
}

export function validity({ brokers, topics }: Config): string {
  return `The configuration is valid: ${count(brokers.length, 'broker')}, ${count(topics.length, 'topic filter')}.`;
}

export function printJson(data: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(data, null, 2))}\n`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
