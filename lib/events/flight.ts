/**
 * The events of one destination that are neither done nor still to be read: published and unacknowledged, or finished before an
 * older one. In the order of the log.
 */

import { Fifo } from '../core/fifo.ts';
import type { Amount } from './ledger/broker-ledger.ts';

export interface InFlight {
  readonly seq: number;
  readonly bytes: number;
  /** When the event was received, in milliseconds since 1970. */
  readonly received: number;
  /** Acknowledged, known by its echo, refused, or dropped. */
  isFinished: boolean;
  /** The PUBLISH that is its echo, and that waits for our own to be acknowledged; 0 for none. */
  echoOrdinal: number;
  /** Of that PUBLISH; 0 if its stamp proves it. */
  echoPacketId: number;
}

export class Flight {
  /** Ascending. */
  readonly #entries = new Fifo<InFlight>();
  #unfinished = 0;
  #bytes = 0;

  /** Events that are not finished. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** Bytes of these. */
  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): InFlight | undefined {
    for (const entry of this.#entries) if (!entry.isFinished) return entry;
    return undefined;
  }

  get(seq: number): InFlight | undefined {
    let low = 0;
    for (let high = this.#entries.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#entries.at(middle)?.seq ?? seq) < seq) low = middle + 1;
      else high = middle;
    }
    const entry = this.#entries.at(low);
    return entry?.seq === seq ? entry : undefined;
  }

  /** A later event than all before it. */
  add({
    seq,
    bytes,
    received,
    isFinished,
  }: Pick<InFlight, 'seq' | 'bytes' | 'received' | 'isFinished'>): void {
    this.#entries.push({ seq, bytes, received, isFinished, echoOrdinal: 0, echoPacketId: 0 });
    if (isFinished) return;
    this.#unfinished++;
    this.#bytes += bytes;
  }

  /** Whether it was not finished before. */
  finish(seq: number): InFlight | undefined {
    const entry = this.get(seq);
    return entry !== undefined && this.finishEntry(entry) ? entry : undefined;
  }

  /** The same for an entry that is known. */
  finishEntry(entry: InFlight): boolean {
    if (entry.isFinished) return false;
    entry.isFinished = true;
    this.#unfinished--;
    this.#bytes -= entry.bytes;
    return true;
  }

  /** All events up to `through` that are not finished. */
  *through(through: number): Generator<InFlight> {
    for (const entry of this.#entries) {
      if (entry.seq > through) return;
      if (!entry.isFinished) yield entry;
    }
  }

  /** Removes the finished events at the beginning. Returns them, and the first one that is left. */
  shift(): { readonly done: Amount; readonly first: number | undefined } {
    let messages = 0;
    let bytes = 0;
    for (let { first } = this.#entries; first?.isFinished === true; { first } = this.#entries) {
      messages++;
      bytes += first.bytes;
      this.#entries.shift();
    }
    return { done: { messages, bytes }, first: this.#entries.first?.seq };
  }

  /** Removes all. Returns those that are finished. */
  clear(): number[] {
    const finished = [...this.#entries].filter(entry => entry.isFinished).map(entry => entry.seq);
    this.#entries.clear();
    this.#unfinished = 0;
    this.#bytes = 0;
    return finished;
  }
}
