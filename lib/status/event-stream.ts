/**
 * Server-Sent Events for the pages that are open: each gets how all is, then what changed, once a second. Nobody
 * looks: nothing is asked.
 *
 * A reader that does not keep up is dropped: what waits for it in memory is bounded, in bytes and in time. Its browser
 * connects again when it can, and begins anew.
 */

import type { ServerResponse } from 'node:http';
import type { Delta, Status } from './api.ts';
import { deltaBetween } from './delta.ts';

/** Milliseconds. */
const PERIOD = 1_000;

/** Readers at once. */
export const MOST_READERS = 32;

/** Bytes that may wait for a reader beyond what the network has taken. */
const MAX_BUFFERED = 512 * 1024;

/** Milliseconds for which something may wait for a reader. */
const LONGEST_WAIT = 30_000;

/** Milliseconds after which a word is said to who has heard nothing, so that neither side takes the other for gone. */
const SILENCE = 15_000;

/** Milliseconds after which a browser connects again. */
const RETRY = 2_000;

interface Reader {
  readonly response: ServerResponse;
  /** When something began to wait. */
  waitingSince: number | undefined;
}

export class EventStream {
  readonly #statusOf: () => Promise<Status>;
  readonly #readers = new Map<ServerResponse, Reader>();
  #status: Status | undefined;
  #first: Promise<Status> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #saidAt = 0;

  constructor(statusOf: () => Promise<Status>) {
    this.#statusOf = statusOf;
  }

  get isFull(): boolean {
    return this.#readers.size >= MOST_READERS;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Serves a reader until either side ends it. The head of the response has been written. */
  async add(response: ServerResponse): Promise<void> {
    const reader: Reader = { response, waitingSince: undefined };
    // Those who come while others look on get what these have, so that what is told from then on fits to both.
    const status = this.#readers.size > 0 ? this.#status : undefined;
    this.#status = status ?? (await this.#firstLook());
    if (response.destroyed || this.isFull) {
      response.destroy();
      return;
    }
    this.#readers.set(response, reader);
    response.once('close', () => this.remove(response));
    this.#timer ??= setInterval(() => {
      // The next look may come to something.
      this.#tick().catch(() => undefined);
    }, PERIOD);
    this.#write(reader, `retry: ${RETRY}\n${eventText('status', this.#status)}`);
  }

  close(): void {
    for (const response of this.#readers.keys()) response.end();
  }

  /** Those who come at once look at the same. */
  #firstLook(): Promise<Status> {
    this.#first ??= this.#statusOf().finally(() => {
      this.#first = undefined;
    });
    return this.#first;
  }

  async #tick(): Promise<void> {
    const before = this.#status;
    const status = await this.#statusOf();
    // Another look was quicker, or nobody looks any more.
    if (before === undefined || before !== this.#status || this.#readers.size === 0) return;
    this.#status = status;
    const text = changes(before, status) ?? this.#sign();
    if (text !== undefined) this.#saidAt = performance.now();
    for (const reader of this.#readers.values()) {
      this.#dropIfStuck(reader);
      if (text !== undefined && this.#readers.has(reader.response)) this.#write(reader, text);
    }
  }

  #sign(): string | undefined {
    return performance.now() - this.#saidAt > SILENCE ? ': still here\n\n' : undefined;
  }

  #write(reader: Reader, text: string): void {
    const { response } = reader;
    if (response.write(text)) return;
    reader.waitingSince ??= performance.now();
    response.once('drain', () => {
      reader.waitingSince = undefined;
    });
    this.#dropIfStuck(reader);
  }

  #dropIfStuck({ response, waitingSince }: Reader): void {
    const hasWaitedLong = waitingSince !== undefined && performance.now() - waitingSince > LONGEST_WAIT;
    if (!hasWaitedLong && response.writableLength <= MAX_BUFFERED) return;
    response.destroy();
    this.remove(response);
  }

  /** The reader has gone. */
  remove(response: ServerResponse): void {
    this.#readers.delete(response);
    if (this.#readers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#status = undefined;
  }
}

/** Brokers that come or go change all: then it is told anew. */
function changes(before: Status, after: Status): string | undefined {
  const namesOf = ({ brokers }: Status) => brokers.map(({ name }) => name).join(' ');
  if (namesOf(before) !== namesOf(after)) return eventText('status', after);
  const delta = deltaBetween(before, after);
  return delta === undefined ? undefined : eventText('delta', delta);
}

function eventText(event: 'status' | 'delta', data: Status | Delta): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
