/**
 * Server-Sent Events for open pages: each receives the whole state, then once a second what changed. Without a reader
 * the actors are not asked.
 *
 * The memory for each reader is bounded, in bytes and in time: the stream drops a reader that does not keep up. Its
 * browser connects again when it can, and receives the whole state again.
 */

import type { ServerResponse } from 'node:http';
import type { Delta, Status } from './api.ts';
import { deltaBetween } from './delta.ts';

const TICK_PERIOD_MS = 1_000;

export const MAX_READERS = 32;

/** Bytes that wait in this process for one reader. */
const MAX_BUFFERED_BYTES = 512 * 1024;

/** How long bytes may wait for one reader. */
const MAX_WAIT_MS = 30_000;

/** After this time without an event, readers receive a comment, so that neither side thinks that the other has gone. */
const KEEPALIVE_PERIOD_MS = 15_000;

/** The time after which a browser connects again. */
const RECONNECT_DELAY_MS = 2_000;

interface Reader {
  readonly response: ServerResponse;
  /** When bytes began to wait; undefined if none wait. */
  waitingSince: number | undefined;
}

export class EventStream {
  readonly #statusOf: () => Promise<Status>;
  readonly #readers = new Map<ServerResponse, Reader>();
  #status: Status | undefined;
  #first: Promise<Status> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sentAt = 0;

  constructor(statusOf: () => Promise<Status>) {
    this.#statusOf = statusOf;
  }

  get isFull(): boolean {
    return this.#readers.size >= MAX_READERS;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Serves a reader until either side ends the connection. The caller has written the head of the response. */
  async add(response: ServerResponse): Promise<void> {
    const reader: Reader = { response, waitingSince: undefined };
    // A new reader starts from the state that the others have, so that the same deltas are right for all.
    const status = this.#readers.size > 0 ? this.#status : undefined;
    this.#status = status ?? (await this.#firstStatus());
    if (response.destroyed || this.isFull) {
      response.destroy();
      return;
    }
    this.#readers.set(response, reader);
    response.once('close', () => this.remove(response));
    this.#timer ??= setInterval(() => {
      // The next tick may succeed.
      this.#tick().catch(() => undefined);
    }, TICK_PERIOD_MS);
    this.#write(reader, `retry: ${RECONNECT_DELAY_MS}\n${eventText('status', this.#status)}`);
  }

  close(): void {
    for (const response of this.#readers.keys()) response.end();
  }

  /** Readers that come at the same time share one question. */
  #firstStatus(): Promise<Status> {
    this.#first ??= this.#statusOf().finally(() => {
      this.#first = undefined;
    });
    return this.#first;
  }

  async #tick(): Promise<void> {
    const before = this.#status;
    const status = await this.#statusOf();
    // Meanwhile another tick was quicker, or the last reader has gone.
    if (before === undefined || before !== this.#status || this.#readers.size === 0) return;
    this.#status = status;
    const text = changes(before, status) ?? this.#keepalive();
    if (text !== undefined) this.#sentAt = performance.now();
    for (const reader of this.#readers.values()) {
      this.#dropIfStuck(reader);
      if (text !== undefined && this.#readers.has(reader.response)) this.#write(reader, text);
    }
  }

  #keepalive(): string | undefined {
    return performance.now() - this.#sentAt > KEEPALIVE_PERIOD_MS ? ': still here\n\n' : undefined;
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
    const hasWaitedTooLong = waitingSince !== undefined && performance.now() - waitingSince > MAX_WAIT_MS;
    if (!hasWaitedTooLong && response.writableLength <= MAX_BUFFERED_BYTES) return;
    response.destroy();
    this.remove(response);
  }

  /** Forgets a reader that has gone. */
  remove(response: ServerResponse): void {
    this.#readers.delete(response);
    if (this.#readers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#status = undefined;
  }
}

/** If brokers come or go, readers receive the whole state again. */
function changes(before: Status, after: Status): string | undefined {
  const namesOf = ({ brokers }: Status) => brokers.map(({ name }) => name).join(' ');
  if (namesOf(before) !== namesOf(after)) return eventText('status', after);
  const delta = deltaBetween(before, after);
  return delta === undefined ? undefined : eventText('delta', delta);
}

function eventText(event: 'status' | 'delta', data: Status | Delta): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
