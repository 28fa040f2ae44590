/** `mqttrep trash` and `mqttrep undo`: what was deleted or overwritten recently, and how to restore it. */

import { printableJson, quoted } from '../core/printable.ts';
import type { TrashList, Undone, Value } from '../status/api.ts';
import { table } from '../terminal/table.ts';
import { EXIT } from './exit-codes.ts';
import type { Source } from './load-config.ts';
import { statusAddress } from './status-address.ts';
import { type Address, askJson, exitCodeOf } from './status-client.ts';

const MAX_SHOWN_CHARACTERS = 60;

export interface TrashOptions {
  /** A topic or a topic filter. */
  readonly filter: string;
  readonly source: Source;
  /** Instead of the address in the environment. */
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
    if (topics.length === 0) return `nothing to undo: the trash has no message for ${options.filter}`;
    return topics.map(topic => `${quoted(topic)} is written again at all brokers`).join('\n');
  });
}

async function asked(
  { source, url }: TrashOptions,
  ask: (address: Address) => Promise<string>,
): Promise<number> {
  const address = await statusAddress(source, url);
  if (typeof address === 'number') return address;
  try {
    process.stdout.write(`${await ask(address)}\n`);
    return EXIT.ok;
  } catch (error) {
    return exitCodeOf(error);
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

/** On one line, without control characters for a terminal. */
function shown(value: Value): string {
  if (value.kind === 'text') return quoted(value.text, MAX_SHOWN_CHARACTERS);
  return value.kind === 'base64' ? `${value.bytes} bytes` : value.kind;
}
