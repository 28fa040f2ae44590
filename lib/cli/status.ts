/** `mqttrep status`: prints the state of a running mqttrep, once or every second. */

import { setTimeout as wait } from 'node:timers/promises';
import { printableJson } from '../core/printable.ts';
import type { Status } from '../status/api.ts';
import { type Look, lookOf } from '../terminal/terminal.ts';
import { EXIT } from './exit-codes.ts';
import type { Source } from './load-config.ts';
import { statusAddress } from './status-address.ts';
import { type Address, askStatus, exitCodeOf, RequestFailed } from './status-client.ts';
import { statusLines } from './status-text.ts';

const WATCH_PERIOD_MS = 1_000;

export interface StatusOptions {
  readonly source: Source;
  /** Instead of the address in the environment. */
  readonly url: string | undefined;
  readonly format: 'text' | 'json';
  readonly repeat: 'once' | 'watch';
}

export async function status({ source, url, format, repeat }: StatusOptions): Promise<number> {
  const address = await statusAddress(source, url);
  if (typeof address === 'number') return address;
  const look = lookOf(process.stdout, process.env);
  try {
    const first = await askStatus(address);
    const show = format === 'json' ? jsonShower(repeat) : textShower(look, address.url, repeat);
    show(first);
    if (repeat === 'watch') await watch(address, show);
    return EXIT.ok;
  } catch (error) {
    return exitCodeOf(error);
  }
}

type Show = (status: Status | RequestFailed) => void;

/** With `--watch` one object a line, so that a program can read them one by one. */
function jsonShower(repeat: StatusOptions['repeat']): Show {
  return answer => {
    if (answer instanceof RequestFailed) process.stderr.write(`mqttrep: ${answer.message}\n`);
    else process.stdout.write(`${printableJson(JSON.stringify(answer, null, repeat === 'watch' ? 0 : 2))}\n`);
  };
}

/** A terminal is drawn over; a file or pipe receives one status after the other. */
function textShower(look: Look, url: string, repeat: StatusOptions['repeat']): Show {
  const drawsOver = repeat === 'watch' && look.mode === 'table';
  let before: readonly string[] = [];
  if (drawsOver) process.stdout.write('\x1b[2J');
  return answer => {
    const lines =
      answer instanceof RequestFailed
        ? [...(drawsOver ? before : []), '', look.paint('red', answer.message)]
        : statusLines(look, url, answer, Date.now());
    if (!(answer instanceof RequestFailed)) before = lines;
    // One row must stay free for the cursor.
    const room = drawsOver && process.stdout.rows > 1 ? process.stdout.rows - 1 : lines.length;
    const shown = lines.slice(0, room);
    const text = shown.map(line => (drawsOver ? `${line}\x1b[K\n` : `${line}\n`)).join('');
    process.stdout.write(drawsOver ? `\x1b[H${text}\x1b[J` : text);
  };
}

/** Until SIGINT or SIGTERM, or until the reader of the output has gone. A mqttrep that does not answer may come back. */
async function watch(address: Address, show: Show): Promise<void> {
  const ending = new AbortController();
  const end = () => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  process.stdout.once('error', end);
  while (!ending.signal.aborted) {
    await wait(WATCH_PERIOD_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    if (ending.signal.aborted) break;
    const answer = await askStatus(address).catch((error: unknown) => {
      if (error instanceof RequestFailed) return error;
      throw error;
    });
    if (!ending.signal.aborted) show(answer);
  }
}
