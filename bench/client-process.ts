/** Controls the processes that write and read; defines the messages to them and back. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { killAtExit } from '../spec/support/kill-at-exit.ts';

export interface WriterTask {
  readonly port: number;
  readonly messages: number;
  /** The messages go to these topics in turn. */
  readonly topics: number;
  /** Bytes of a payload. */
  readonly size: number;
  /** Messages a second; undefined: as fast as the broker takes them. */
  readonly rate: number | undefined;
  /** The number of the first message. */
  readonly first: number;
  readonly retain: boolean;
}

/** For each message, in milliseconds of the monotonic clock. */
export interface Written {
  readonly sentAt: Float64Array;
  /** The time at which the broker's acknowledgement arrived. */
  readonly takenAt: Float64Array;
}

export interface ReaderTask {
  readonly port: number;
  /** Messages with higher numbers are ignored. */
  readonly messages: number;
  /** The reading is complete when all messages from this number on have arrived. */
  readonly awaitedFrom: number;
}

export type ReaderRequest = 'read';

/** The task of MQTT.js without mqttrep: to read all messages at one broker and, with `to`, pass them on to a second one. */
export interface BareTask {
  readonly port: number;
  readonly to?: { readonly port: number; readonly periodMs: number };
}

/** The messages that it has read and passed on, and the processor time for that. */
export interface BareReading {
  readonly received: number;
  readonly published: number;
  readonly cpuMs: number;
}

export interface Reading {
  /** For each message, its first arrival in milliseconds of the monotonic clock; NaN if it never arrived. */
  readonly arrivedAt: Float64Array;
  /** The time of every delivery. */
  readonly deliveredAt: Float64Array;
  /** Deliveries of messages that had been delivered before. */
  readonly repeated: number;
  /** Deliveries of a message that is older than the one before it under the same topic. */
  readonly reversed: number;
  /** Awaited messages that have not arrived. */
  readonly missing: number;
}

type Task = Pick<WriterTask, 'port' | 'messages'> & Partial<WriterTask>;

/** Writes the messages. Resolves when the broker has acknowledged all of them. */
export async function write(task: Task): Promise<Written> {
  const child = start('writer');
  child.send({
    topics: task.messages,
    size: 100,
    rate: undefined,
    first: 0,
    retain: true,
    ...task,
  } satisfies WriterTask);
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
    await messageFrom(child, 'subscribed');
    return reader;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#complete = messageFrom(child, 'complete');
  }

  /** Resolves when all awaited messages have arrived, at the latest after `timeoutMs`. */
  async complete(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise(resolve => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.#complete, timeout]);
    clearTimeout(timer);
  }

  /** Returns what has been read so far. */
  async reading(): Promise<Reading> {
    return (await ask(this.#child)) as Reading;
  }

  close(): void {
    this.#child.kill();
  }
}

/** MQTT.js without mqttrep, for comparison. */
export class BareClient {
  readonly #child = start('bare-client');

  static async at(task: BareTask): Promise<BareClient> {
    const client = new BareClient();
    client.#child.send(task);
    await messageFrom(client.#child, 'subscribed');
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

function messageFrom(child: ChildProcess, expected: 'subscribed' | 'complete'): Promise<void> {
  return new Promise(resolve => {
    const check = (message: unknown) => {
      if (message !== expected) return;
      child.off('message', check);
      resolve();
    };
    child.on('message', check);
  });
}

/** Asks the child for its reading. Ignores the messages that the child sends by itself, which are strings. */
function ask(child: ChildProcess): Promise<unknown> {
  child.send('read' satisfies ReaderRequest);
  return new Promise(resolve => {
    const check = (message: unknown) => {
      if (typeof message === 'string') return;
      child.off('message', check);
      resolve(message);
    };
    child.on('message', check);
  });
}
