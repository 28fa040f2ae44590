/** `mqttrep status`: ask a running mqttrep how it is, once or every second. */

import { setTimeout as wait } from 'node:timers/promises';
import { printableJson } from '../core/printable.ts';
import type { Status } from '../status/api.ts';
import { type Look, lookOf } from '../terminal/terminal.ts';
import { EXIT } from './exit-codes.ts';
import { statusAddress } from './status-address.ts';
import { type Address, askStatus, NoStatus } from './status-client.ts';
import { statusLines } from './status-text.ts';

/** Milliseconds. */
const PERIOD = 1_000;

export interface StatusOptions {
  readonly envFile: string | undefined;
  /** Instead of what the environment says. */
  readonly url: string | undefined;
  readonly format: 'text' | 'json';
  readonly looks: 'once' | 'watch';
}

export async function status({ envFile, url, format, looks }: StatusOptions): Promise<number> {
  const address = statusAddress(envFile, url);
  if (typeof address === 'number') return address;
  const look = lookOf(process.stdout, process.env);
  try {
    const first = await askStatus(address);
    const show = format === 'json' ? jsonShower(looks) : textShower(look, address.url, looks);
    show(first);
    if (looks === 'watch') await watch(address, show);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof NoStatus)) throw error;
    process.stderr.write(`mqttrep: ${error.message}\n`);
    return error.kind === 'unavailable' ? EXIT.unavailable : EXIT.failure;
  }
}

type Show = (status: Status | NoStatus) => void;

/** One object a line when watched, so that a program can read them one by one. */
function jsonShower(looks: StatusOptions['looks']): Show {
  return told => {
    if (told instanceof NoStatus) process.stderr.write(`mqttrep: ${told.message}\n`);
    else process.stdout.write(`${printableJson(JSON.stringify(told, null, looks === 'watch' ? 0 : 2))}\n`);
  };
}

/** A terminal is drawn over; a file or pipe gets what changed, one look after the other. */
function textShower(look: Look, url: string, looks: StatusOptions['looks']): Show {
  const isDrawn = looks === 'watch' && look.mode === 'table';
  let before: readonly string[] = [];
  if (isDrawn) process.stdout.write('\x1b[2J');
  return told => {
    const lines =
      told instanceof NoStatus
        ? [...(isDrawn ? before : []), '', look.paint('red', told.message)]
        : statusLines(look, url, told, Date.now());
    if (!(told instanceof NoStatus)) before = lines;
    // One row stays free for the cursor.
    const room = isDrawn && process.stdout.rows > 1 ? process.stdout.rows - 1 : lines.length;
    const shown = lines.slice(0, room);
    const text = shown.map(line => (isDrawn ? `${line}\x1b[K\n` : `${line}\n`)).join('');
    process.stdout.write(isDrawn ? `\x1b[H${text}\x1b[J` : text);
  };
}

/** Until SIGINT or SIGTERM, or until the reader has gone. One that does not answer may come back. */
async function watch(address: Address, show: Show): Promise<void> {
  const ending = new AbortController();
  const end = () => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  process.stdout.once('error', end);
  while (!ending.signal.aborted) {
    await wait(PERIOD, undefined, { signal: ending.signal }).catch(() => undefined);
    if (ending.signal.aborted) break;
    const told = await askStatus(address).catch((error: unknown) => {
      if (error instanceof NoStatus) return error;
      throw error;
    });
    if (!ending.signal.aborted) show(told);
  }
}
