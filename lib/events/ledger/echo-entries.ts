/**
 * Our publishes to one broker whose echo has not come and that no stamp will prove (MQTT 3.1.1).
 *
 * A message that the broker delivers is an echo if it equals a publish of ours. Equal publishes are matched in their order.
 * A match is provisional as long as the broker has not acknowledged our publish: if the connection ends before, the match is
 * undone, because the broker may have lost the publish, and the message may have been a client's.
 */

import type { BatchReader, BatchWriter } from '../../protocol/batch.ts';
import type { SentEntry } from './event-record.ts';

export interface EchoEntry extends SentEntry {
  /** The broker may have got the publish. */
  isPublished: boolean;
  /** More than 1 if it was sent again though the first copy may have arrived. */
  copies: number;
  /** The ordinal of the message that matched it provisionally; 0 for none. */
  provisional: number;
}

export class EchoEntries {
  /** In the order of publishing. */
  readonly #bySeq = new Map<number, EchoEntry>();
  readonly #byHash = new Map<number, EchoEntry[]>();

  get size(): number {
    return this.#bySeq.size;
  }

  [Symbol.iterator](): IterableIterator<EchoEntry> {
    return this.#bySeq.values();
  }

  get(seq: number): EchoEntry | undefined {
    return this.#bySeq.get(seq);
  }

  /** Expects an echo of an event that is about to be published. */
  add({ seq, hash }: SentEntry, isPublished: boolean): void {
    if (this.#bySeq.has(seq)) return;
    const entry: EchoEntry = { seq, hash, isPublished, copies: 1, provisional: 0 };
    this.#bySeq.set(seq, entry);
    const equal = this.#byHash.get(hash);
    if (equal === undefined) this.#byHash.set(hash, [entry]);
    else equal.push(entry);
  }

  published(seq: number): void {
    const entry = this.#bySeq.get(seq);
    if (entry === undefined) return;
    if (entry.isPublished) entry.copies++;
    entry.isPublished = true;
  }

  /** Whether the echo of an older publish with the same content is expected. */
  hasOlder({ seq, hash }: SentEntry): boolean {
    return (this.#byHash.get(hash)?.[0]?.seq ?? seq) < seq;
  }

  /** The oldest publish with this content that no message has matched. */
  match(hash: number): EchoEntry | undefined {
    return this.#byHash.get(hash)?.find(entry => entry.isPublished && entry.provisional === 0);
  }

  /** The echo has come. */
  take(seq: number): void {
    const entry = this.#bySeq.get(seq);
    if (entry === undefined) return;
    entry.provisional = 0;
    entry.copies--;
    if (entry.copies === 0) this.#remove(entry);
  }

  /** The connection has ended. */
  undoProvisional(): void {
    for (const entry of this.#bySeq.values()) entry.provisional = 0;
  }

  /** No echo up to `through` is expected any more. Returns how many did not come. */
  close(through: number): number {
    let closed = 0;
    for (const entry of this.#bySeq.values()) {
      if (entry.seq > through) break;
      closed++;
      this.#remove(entry);
    }
    return closed;
  }

  /** Publishes after `done` are known not to have arrived: they are sent again. */
  notArrived(done: number): void {
    for (const entry of this.#bySeq.values()) if (entry.seq > done) entry.isPublished = false;
  }

  write(writer: BatchWriter): void {
    writer.u32(this.#bySeq.size);
    for (const { seq, hash } of this.#bySeq.values()) writer.f64(seq).f64(hash);
  }

  static read(reader: BatchReader): EchoEntries {
    const entries = new EchoEntries();
    for (let left = reader.u32(); left > 0; left--)
      entries.add({ seq: reader.f64(), hash: reader.f64() }, true);
    return entries;
  }

  #remove(entry: EchoEntry): void {
    this.#bySeq.delete(entry.seq);
    const equal = this.#byHash.get(entry.hash);
    if (equal === undefined) return;
    equal.splice(equal.indexOf(entry), 1);
    if (equal.length === 0) this.#byHash.delete(entry.hash);
  }
}
