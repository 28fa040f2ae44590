/**
 * The port to a broker's worker before there is a reconciler. The worker connects, and the broker shows what it retains, while the
 * store is still being read. What arrives waits here, in its order. The worker gets the credit for that in advance, up to a
 * bound, so that it reads on. The reconciler gives the same credit later, and that is kept back.
 */

import type { FromBroker, Port, Start, ToBroker } from '../../protocol/messages.ts';

/** Bytes of observations that may wait, of all brokers together. */
export const EARLY_BYTES = 64 * 1024 * 1024;

/** Batches that may come while this thread builds up its state, which it does in one go. */
const CREDIT_AHEAD = 64;

export class BufferingPort implements Port<ToBroker, FromBroker> {
  readonly #port: Port<ToBroker, FromBroker>;
  #room: number;
  #buffered: FromBroker[] = [];
  #listener: ((message: FromBroker) => void) | undefined;
  /** The identity under which the worker connects. */
  #started: Start | undefined;
  /** Batches for which credit was given in advance. */
  #advanced = 0;

  /** @param room bytes of observations that may wait */
  constructor(port: Port<ToBroker, FromBroker>, room: number) {
    this.#port = port;
    this.#room = room;
    port.on('message', message => this.#receive(message));
  }

  /** Has the worker connect. */
  start(start: Start): void {
    this.postMessage(start);
    this.#advance(CREDIT_AHEAD);
  }

  /** From now on the listener gets what comes. It gets at once what has come before. */
  on(_event: 'message', listener: (message: FromBroker) => void): void {
    this.#listener = listener;
    for (const message of this.#buffered.splice(0)) listener(message);
  }

  postMessage(message: ToBroker, transfer?: readonly ArrayBuffer[]): void {
    if (message.kind === 'start') {
      if (this.#started !== undefined && isSame(this.#started, message)) return;
      this.#started = message;
    }
    if (message.kind === 'credit') {
      this.#credit(message.batches);
      return;
    }
    this.#port.postMessage(message, transfer);
  }

  close(): void {
    this.#port.close();
  }

  #receive(message: FromBroker): void {
    if (this.#listener !== undefined) {
      this.#listener(message);
      return;
    }
    this.#buffered.push(message);
    if (message.kind !== 'observations') return;
    this.#room -= message.batch.byteLength;
    if (this.#room >= 0) this.#advance(1);
  }

  #advance(batches: number): void {
    this.#port.postMessage({ kind: 'credit', batches });
    this.#advanced += batches;
  }

  /** Keeps back the credit that was given in advance. */
  #credit(batches: number): void {
    const keptBack = Math.min(batches, this.#advanced);
    this.#advanced -= keptBack;
    if (batches > keptBack) this.#port.postMessage({ kind: 'credit', batches: batches - keptBack });
  }
}

function isSame(a: Start, b: Start): boolean {
  return a.replica === b.replica && a.secret === b.secret && a.clientId === b.clientId;
}
