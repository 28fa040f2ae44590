/** `mqttrep trash` and `mqttrep undo`: what was deleted or overwritten of late, and how to take that back. */

import { printableJson, quoted } from '../core/printable.ts';
import type { TrashList, Undone, Value } from '../status/api.ts';
import { table } from '../terminal/table.ts';
import { EXIT } from './exit-codes.ts';
import { statusAddress } from './status-address.ts';
import { type Address, askJson, NoStatus } from './status-client.ts';

/** Characters of a value that are shown. */
const LONGEST_VALUE = 60;

export interface TrashOptions {
  /** A topic or a topic filter. */
  readonly filter: string;
  readonly envFile: string | undefined;
  /** Instead of what the environment says. */
  readonly url: string | undefined;
  readonly format: 'text' | 'json';
}

export function trash(options: TrashOptions): Promise<number> {
  return asked(options, async address => {
    const list = await askJson<TrashList>(address, 'GET', `/api/v1/trash?${query(options)}`);
    return options.format === 'json' ? printableJson(JSON.stringify(list)) : listed(list);
  });
}

export function undo(options: TrashOptions): Promise<number> {
  return asked(options, async address => {
    const { topics } = await askJson<Undone>(address, 'POST', `/api/v1/undo?${query(options)}`);
    if (options.format === 'json') return printableJson(JSON.stringify({ topics }));
    if (topics.length === 0) return `nothing to undo: the trash has no message of ${options.filter}`;
    return topics.map(topic => `${quoted(topic)} is written again, at all brokers`).join('\n');
  });
}

async function asked(
  { envFile, url }: TrashOptions,
  ask: (address: Address) => Promise<string>,
): Promise<number> {
  const address = statusAddress(envFile, url);
  if (typeof address === 'number') return address;
  try {
    process.stdout.write(`${await ask(address)}\n`);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof NoStatus)) throw error;
    process.stderr.write(`mqttrep: ${error.message}\n`);
    return error.kind === 'unavailable' ? EXIT.unavailable : EXIT.failure;
  }
}

function query({ filter }: TrashOptions): string {
  return new URLSearchParams({ filter }).toString();
}

function listed({ discarded }: TrashList): string {
  if (discarded.length === 0) return 'the trash is empty';
  const rows = discarded.map(({ topic, at, how, value }) => [
    new Date(at).toISOString(),
    how,
    quoted(topic),
    shown(value),
  ]);
  return table([['lost', 'how', 'topic', 'value'], ...rows]).trimEnd();
}

/** On one line, and without what a terminal would obey. */
function shown(value: Value): string {
  if (value.kind === 'text') return quoted(value.text, LONGEST_VALUE);
  return value.kind === 'base64' ? `${value.bytes} bytes` : value.kind;
}
