/**
 * All state of event delivery that outlives the process. It follows from the records of the log, live as well as at a start:
 * so what a crash leaves is a state that was durable (E12).
 */

import { has } from '../../core/policy.ts';
import { BatchReader, BatchWriter } from '../../protocol/batch.ts';
import { BrokerLedger } from './broker-ledger.ts';
import type { EventRecord } from './event-record.ts';

export class Ledger {
  /** Names this log in stamps: a sequence number means nothing without it. */
  readonly node: string;
  /** The sequence number of the next event. */
  nextSeq = 1;
  readonly #brokers: BrokerLedger[];
  #names: readonly string[];

  /** @param names of the brokers, by index */
  constructor(node: string, names: readonly string[], brokers?: BrokerLedger[], nextSeq = 1) {
    this.node = node;
    this.#names = names;
    this.nextSeq = nextSeq;
    this.#brokers = brokers ?? names.map(() => newcomer(nextSeq));
  }

  get names(): readonly string[] {
    return this.#names;
  }

  /** Known brokers keep their indexes; a new one gets no event of before. */
  useBrokers(names: readonly string[]): void {
    for (let index = this.#names.length; index < names.length; index++)
      this.#brokers[index] = newcomer(this.nextSeq);
    this.#names = names;
  }

  broker(index: number): BrokerLedger {
    const ledger = this.#brokers[index];
    if (ledger === undefined) throw new RangeError(`there is no broker ${index}`);
    return ledger;
  }

  /** Damaged bytes may contain so many events, and what became of events before. */
  skip(events: number): void {
    this.nextSeq += events;
    for (const ledger of this.#brokers) ledger.sent = this.nextSeq - 1;
  }

  apply(record: EventRecord): void {
    if (record.kind === 'drop' && record.reason === 'forgotten') {
      this.#forget(record.broker);
      return;
    }
    if (record.kind !== 'event') {
      this.broker(record.broker).apply(record);
      return;
    }
    // The state at the beginning of a segment may contain the event already.
    if (record.seq < this.nextSeq) return;
    this.nextSeq = record.seq + 1;
    this.#brokers[record.origin]?.wrote(record);
    for (const [index, ledger] of this.#brokers.entries())
      if (has(record.recipients, index)) ledger.offer(record);
  }

  /** The broker begins as one that was never seen. */
  #forget(index: number): void {
    this.#brokers[index] = newcomer(this.nextSeq);
  }

  /** Everything, as the beginning of a segment holds it. */
  pack(): Buffer {
    const writer = new BatchWriter();
    writer.text(this.node).f64(this.nextSeq).u32(this.#names.length);
    for (const name of this.#names) writer.text(name);
    for (const ledger of this.#brokers) ledger.write(writer);
    return Buffer.from(writer.take());
  }

  /** @throws RangeError if `pack` did not write it */
  static unpack(packed: Buffer): Ledger {
    const reader = new BatchReader(packed);
    const node = reader.text();
    const nextSeq = reader.f64();
    const names = Array.from({ length: reader.u32() }, () => reader.text());
    return new Ledger(
      node,
      names,
      names.map(() => BrokerLedger.read(reader)),
      nextSeq,
    );
  }

  /**
   * The same for other brokers: known by their names, at other indexes.
   * Brokers that are not configured any more are left out.
   */
  forBrokers(names: readonly string[]): Ledger {
    const brokers = names.map(name => this.#brokers[this.#names.indexOf(name)] ?? newcomer(this.nextSeq));
    return new Ledger(this.node, names, brokers, this.nextSeq);
  }
}

/** It gets no event of before. */
function newcomer(nextSeq: number): BrokerLedger {
  const ledger = new BrokerLedger();
  ledger.sent = ledger.done = ledger.closed = nextSeq - 1;
  return ledger;
}
