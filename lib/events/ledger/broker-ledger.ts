/**
 * What is durable of one broker, both as an origin of events and as their destination.
 *
 * Invariant: closed ≤ done ≤ sent. Each of the three cursors only ascends.
 */

import type { BatchReader, BatchWriter } from '../../protocol/batch.ts';
import { contentHash } from './content-hash.ts';
import { EchoEntries } from './echo-entries.ts';
import type { Closed, Done, Drop, Echo, LoggedEvent, Sent, Session } from './event-record.ts';
import { eventBytes } from './event-record.ts';
import { RecentEvents } from './recent-events.ts';

/** Messages, and their bytes. */
export interface Amount {
  readonly messages: number;
  readonly bytes: number;
}

type Total = { -readonly [Key in keyof Amount]: Amount[Key] };

export class BrokerLedger {
  /** Events up to here may have been published. */
  sent = 0;
  /** Events up to here are done: acknowledged, known by their echo, or dropped. */
  done = 0;
  /** No echo of events up to here is still to come. */
  closed = 0;
  /** Number of the session at the broker; 0 before the first one. */
  session = 0;
  /** Empty if it has no id. */
  brokerId = '';
  /** All events that were logged for this broker. */
  offered: Total = { messages: 0, bytes: 0 };
  /** Of these, all that are done. */
  finished: Total = { messages: 0, bytes: 0 };
  /** Events between `done` and `sent` whose echo has come. */
  readonly echoed = new Set<number>();
  entries = new EchoEntries();
  recent = new RecentEvents();

  /** Events that wait for this broker. */
  get queued(): Amount {
    const messages = Math.max(0, this.offered.messages - this.finished.messages);
    return { messages, bytes: messages === 0 ? 0 : Math.max(0, this.offered.bytes - this.finished.bytes) };
  }

  /** A client of this broker wrote an event. */
  wrote(event: LoggedEvent): void {
    this.recent.add(event.hash ?? contentHash(event.topic, event.payload), event.packetId, false);
  }

  /** An event was logged for this broker. */
  offer(event: LoggedEvent): void {
    this.offered.messages++;
    this.offered.bytes += eventBytes(event);
  }

  apply(record: Sent | Done | Echo | Closed | Session | Drop): void {
    switch (record.kind) {
      case 'sent':
        this.sent = Math.max(this.sent, record.through);
        for (const entry of record.entries) if (entry.seq > this.closed) this.entries.add(entry, true);
        return;
      case 'done':
        this.#done(record.through);
        if (record.messages > this.finished.messages)
          this.finished = { messages: record.messages, bytes: record.bytes };
        return;
      case 'echo':
        this.#echo(record);
        return;
      case 'closed':
        this.closed = Math.max(this.closed, record.through);
        this.entries.close(this.closed);
        return;
      case 'session':
        if (record.number > this.session) this.recent.voidPacketIds();
        this.session = Math.max(this.session, record.number);
        this.brokerId = record.brokerId;
        return;
      case 'drop':
        return;
    }
  }

  write(writer: BatchWriter): void {
    writer.f64(this.sent).f64(this.done).f64(this.closed).u32(this.session).text(this.brokerId);
    for (const { messages, bytes } of [this.offered, this.finished]) writer.f64(messages).f64(bytes);
    writer.u32(this.echoed.size);
    for (const seq of this.echoed) writer.f64(seq);
    this.entries.write(writer);
    this.recent.write(writer);
  }

  static read(reader: BatchReader): BrokerLedger {
    const ledger = new BrokerLedger();
    ledger.sent = reader.f64();
    ledger.done = reader.f64();
    ledger.closed = reader.f64();
    ledger.session = reader.u32();
    ledger.brokerId = reader.text();
    ledger.offered = { messages: reader.f64(), bytes: reader.f64() };
    ledger.finished = { messages: reader.f64(), bytes: reader.f64() };
    for (let left = reader.u32(); left > 0; left--) ledger.echoed.add(reader.f64());
    ledger.entries = EchoEntries.read(reader);
    ledger.recent = RecentEvents.read(reader);
    return ledger;
  }

  #done(through: number): void {
    if (through <= this.done) return;
    this.done = through;
    // What was dropped unsent is done as well.
    this.sent = Math.max(this.sent, through);
    for (const seq of this.echoed) if (seq <= through) this.echoed.delete(seq);
  }

  #echo({ seq, packetId, hash }: Echo): void {
    if (seq > this.done) this.echoed.add(seq);
    this.entries.take(seq);
    // The state at the beginning of a segment may contain the record already.
    if (packetId !== 0 && !this.recent.isNewest(packetId, hash)) this.recent.add(hash, packetId, true);
  }
}
