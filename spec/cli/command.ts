/** A command of the executable that ends by itself. */

import { type Environment, startMqttrep } from '../support/mqttrep-process.ts';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end; kills it after a minute. */
export async function command(args: readonly string[], environment: Environment = {}): Promise<Outcome> {
  const running = startMqttrep(environment, args);
  const limit = setTimeout(() => running.kill('SIGKILL'), 60_000);
  const { code } = await running.exit;
  clearTimeout(limit);
  return { code, stdout: running.stdout, stderr: running.stderr };
}

/** Of brokers by their names, with everything replicated. */
export function environmentOf(
  brokers: Readonly<Record<string, { readonly url: string }>>,
  more: Environment = {},
): Environment {
  return {
    MQTTREP_TOPIC_all: '#',
    MQTTREP_STORE: 'memory',
    MQTTREP_HTTP: 'off',
    ...Object.fromEntries(Object.entries(brokers).map(([name, { url }]) => [`MQTTREP_CLIENT_${name}`, url])),
    ...more,
  };
}

/**
 * The cells of a printed table, by the title of the column, for the row that begins so.
 * @param firstTitle of the first column of that table
 */
export function rowOf(stdout: string, first: string, firstTitle = 'broker'): Record<string, string> {
  const rows = stdout.split('\n').map(line => line.split(/ {2,}/));
  const titles = rows.find(([title]) => title === firstTitle) ?? [];
  const row = rows.find(cells => cells[0] === first && cells.length > 1) ?? [];
  return Object.fromEntries(titles.map((title, index) => [title, row[index] ?? '']));
}
