/**
 * The events of one destination that are neither done nor still to be read: published and unacknowledged, or finished before an
 * older one. In the order of the log.
 */

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
  readonly #bySeq = new Map<number, InFlight>();
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
    for (const entry of this.#bySeq.values()) if (!entry.isFinished) return entry;
    return undefined;
  }

  get(seq: number): InFlight | undefined {
    return this.#bySeq.get(seq);
  }

  add(entry: Pick<InFlight, 'seq' | 'bytes' | 'received' | 'isFinished'>): void {
    this.#bySeq.set(entry.seq, { ...entry, echoOrdinal: 0, echoPacketId: 0 });
    if (entry.isFinished) return;
    this.#unfinished++;
    this.#bytes += entry.bytes;
  }

  /** Whether it was not finished before. */
  finish(seq: number): InFlight | undefined {
    const entry = this.#bySeq.get(seq);
    if (entry === undefined || entry.isFinished) return undefined;
    entry.isFinished = true;
    this.#unfinished--;
    this.#bytes -= entry.bytes;
    return entry;
  }

  /** All events up to `through` that are not finished. */
  *through(through: number): Generator<InFlight> {
    for (const entry of this.#bySeq.values()) {
      if (entry.seq > through) return;
      if (!entry.isFinished) yield entry;
    }
  }

  /** Removes the finished events at the beginning. Returns them, and the first one that is left. */
  shift(): { readonly done: Amount; readonly first: number | undefined } {
    let messages = 0;
    let bytes = 0;
    for (const entry of this.#bySeq.values()) {
      if (!entry.isFinished) return { done: { messages, bytes }, first: entry.seq };
      messages++;
      bytes += entry.bytes;
      this.#bySeq.delete(entry.seq);
    }
    return { done: { messages, bytes }, first: undefined };
  }

  /** Removes all. Returns those that are finished. */
  clear(): number[] {
    const finished = [...this.#bySeq.values()].filter(entry => entry.isFinished).map(entry => entry.seq);
    this.#bySeq.clear();
    this.#unfinished = 0;
    this.#bytes = 0;
    return finished;
  }
}
