/** The bench's hold on the processes that write and read, and what crosses to them and back. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { killAtExit } from '../spec/support/kill-at-exit.ts';

export interface WriterTask {
  readonly port: number;
  readonly messages: number;
  /** The messages go round these. */
  readonly topics: number;
  /** Bytes of a payload. */
  readonly size: number;
  /** Messages a second; undefined for as fast as the broker takes them. */
  readonly rate: number | undefined;
  /** The number of the first message. */
  readonly first: number;
}

/** By message, in milliseconds of the monotonic clock. */
export interface Written {
  readonly sentAt: Float64Array;
  /** When the broker's acknowledgement arrived. */
  readonly takenAt: Float64Array;
}

export interface ReaderTask {
  readonly port: number;
  /** Messages of higher numbers are overlooked. */
  readonly messages: number;
  /** The reading is complete when each message from this number on has arrived. */
  readonly awaitedFrom: number;
}

export type ReaderRequest = 'read';

/** What MQTT.js without mqttrep is to do: read all at one broker and, if so told, hand it on to a second one. */
export interface BareTask {
  readonly port: number;
  /** `period`: milliseconds between two ticks. */
  readonly to?: { readonly port: number; readonly period: number };
}

/** What it has read and handed on, and the milliseconds of processor time it took. */
export interface BareReading {
  readonly received: number;
  readonly published: number;
  readonly cpu: number;
}

export interface Reading {
  /** By message, the first arrival in milliseconds of the monotonic clock; NaN for what never came. */
  readonly arrivedAt: Float64Array;
  /** Every delivery. */
  readonly deliveredAt: Float64Array;
  /** Deliveries of a message that had been delivered before. */
  readonly repeated: number;
  /** Deliveries of a message older than the one before it, of the same topic. */
  readonly reversed: number;
  /** Awaited messages that have not arrived. */
  readonly missing: number;
}

type Task = Pick<WriterTask, 'port' | 'messages'> & Partial<WriterTask>;

/** Writes, and resolves when the broker has taken everything. */
export async function write(task: Task): Promise<Written> {
  const child = start('writer');
  child.send({ topics: task.messages, size: 100, rate: undefined, first: 0, ...task } satisfies WriterTask);
  const [written] = (await once(child, 'message')) as [Written];
  return written;
}

export class Reader {
  readonly #child: ChildProcess;
  readonly #complete: Promise<void>;

  /** Resolves when the broker has accepted the subscription. */
  static async at(task: ReaderTask): Promise<Reader> {
    const child = start('reader');
    const reader = new Reader(child);
    child.send(task);
    await told(child, 'subscribed');
    return reader;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#complete = told(child, 'complete');
  }

  /** Resolves when everything awaited has arrived, at the latest after so many milliseconds. */
  async complete(within: number): Promise<void> {
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise(resolve => {
      limit = setTimeout(resolve, within);
    });
    await Promise.race([this.#complete, late]);
    clearTimeout(limit);
  }

  /** What has been read so far. */
  async reading(): Promise<Reading> {
    return (await ask(this.#child)) as Reading;
  }

  close(): void {
    this.#child.kill();
  }
}

/** MQTT.js without mqttrep, to compare with. */
export class BareClient {
  readonly #child = start('bare-client');

  static async at(task: BareTask): Promise<BareClient> {
    const client = new BareClient();
    client.#child.send(task);
    await told(client.#child, 'subscribed');
    return client;
  }

  async reading(): Promise<BareReading> {
    return (await ask(this.#child)) as BareReading;
  }

  close(): void {
    this.#child.kill();
  }
}

function start(file: 'writer' | 'reader' | 'bare-client'): ChildProcess {
  const path = fileURLToPath(new URL(`./${file}.js`, import.meta.url));
  const child = fork(path, { serialization: 'advanced', execArgv: [] });
  killAtExit(child);
  child.once('exit', code => {
    if (code !== 0 && code !== null) throw new Error(`the ${file} ended with code ${code}`);
  });
  return child;
}

function told(child: ChildProcess, news: string): Promise<void> {
  return new Promise(resolve => {
    const look = (message: unknown) => {
      if (message !== news) return;
      child.off('message', look);
      resolve();
    };
    child.on('message', look);
  });
}

/** The child's answer, among the news that it tells of itself. */
function ask(child: ChildProcess): Promise<unknown> {
  child.send('read' satisfies ReaderRequest);
  return new Promise(resolve => {
    const look = (message: unknown) => {
      if (typeof message === 'string') return;
      child.off('message', look);
      resolve(message);
    };
    child.on('message', look);
  });
}
