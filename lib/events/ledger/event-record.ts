/**
 * The records of the event log, and their packed form.
 *
 * All state of event delivery that outlives the process follows from these records (`Ledger`). Each of them can be applied
 * twice: all cursors only ascend. So a segment may begin with a state that contains its first records already.
 */

import type { BrokerSet } from '../../core/policy.ts';
import { BatchReader, type BatchWriter } from '../../protocol/batch.ts';
import { NO_PATH, readPath, writePath } from '../../protocol/event-records.ts';

export type EventRecord = LoggedEvent | Sent | Done | Echo | Closed | Session | Drop;

/** A client's message. `recipients` is decided once, when the event is logged. */
export interface LoggedEvent {
  readonly kind: 'event';
  readonly seq: number;
  /** Index of the broker that delivered it. */
  readonly origin: number;
  /** 0 if it came with QoS 0. */
  readonly packetId: number;
  readonly retain: boolean;
  /** Milliseconds since 1970. */
  readonly received: number;
  /** Milliseconds since 1970; Infinity for never. */
  readonly expiresAt: number;
  /** The client gave it a message expiry (MQTT 5), which other brokers get as well. Left out if not. */
  readonly hasMessageExpiry?: true;
  readonly recipients: BrokerSet;
  /** Ids of the brokers that it has passed, with its origin as the last one; empty if its origin has no id. */
  readonly path: readonly string[];
  readonly topic: string;
  /** Canonical, see properties.ts; empty for none. */
  readonly properties: string;
  readonly payload: Buffer;
  /** `contentHash`, if it is known already; not written. */
  readonly hash?: number;
}

/** Events up to `through` may be published to the broker from now on. */
export interface Sent {
  readonly kind: 'sent';
  readonly broker: number;
  readonly through: number;
  /** Of these, an echo is expected that no stamp will prove. */
  readonly entries: readonly SentEntry[];
}

export interface SentEntry {
  readonly seq: number;
  readonly hash: number;
}

/** The broker has all events up to `through` that were meant for it, or they were dropped. */
export interface Done {
  readonly kind: 'done';
  readonly broker: number;
  readonly through: number;
  /** All events that are done there, since the log exists, and their bytes. */
  readonly messages: number;
  readonly bytes: number;
}

/** The echo of an event has come. */
export interface Echo {
  readonly kind: 'echo';
  readonly broker: number;
  readonly seq: number;
  /** 0 if a stamp proved it. */
  readonly packetId: number;
  readonly hash: number;
}

/** No echo of events up to `through` is expected any more. */
export interface Closed {
  readonly kind: 'closed';
  readonly broker: number;
  readonly through: number;
}

/** The broker began a new session: packet ids before it are void. */
export interface Session {
  readonly kind: 'session';
  readonly broker: number;
  readonly number: number;
  /** Empty if the broker has no id. */
  readonly brokerId: string;
}

/** Events up to `through` that the broker still lacked are given up. A `done` record follows. */
export interface Drop {
  readonly kind: 'drop';
  readonly broker: number;
  readonly through: number;
  readonly reason: 'full' | 'expired' | 'forgotten';
  readonly messages: number;
}

const KINDS = ['event', 'sent', 'done', 'echo', 'closed', 'session', 'drop'] as const;
const DROP_REASONS = ['full', 'expired', 'forgotten'] as const;

const RETAIN = 1;
const EXPIRES = 2;
const PROPERTIES = 4;
const PATH = 8;
const MESSAGE_EXPIRY = 16;

export function writeEventRecord(writer: BatchWriter, record: EventRecord): void {
  writer.record().u8(KINDS.indexOf(record.kind));
  switch (record.kind) {
    case 'event':
      writeEvent(writer, record);
      return;
    case 'sent':
      writer.u8(record.broker).f64(record.through).u32(record.entries.length);
      for (const { seq, hash } of record.entries) writer.f64(seq).f64(hash);
      return;
    case 'done':
      writer.u8(record.broker).f64(record.through).f64(record.messages).f64(record.bytes);
      return;
    case 'echo':
      writer.u8(record.broker).f64(record.seq).u32(record.packetId).f64(record.hash);
      return;
    case 'closed':
      writer.u8(record.broker).f64(record.through);
      return;
    case 'session':
      writer.u8(record.broker).u32(record.number).text(record.brokerId);
      return;
    case 'drop':
      writer.u8(record.broker).f64(record.through).u8(DROP_REASONS.indexOf(record.reason));
      writer.f64(record.messages);
      return;
  }
}

/** @throws RangeError if `writeEventRecord` did not write it */
function readEventRecord(reader: BatchReader): EventRecord {
  const kind = KINDS[reader.u8()];
  switch (kind) {
    case 'event':
      return readEvent(reader);
    case 'sent':
      return { kind, broker: reader.u8(), through: reader.f64(), entries: readEntries(reader) };
    case 'done': {
      const broker = reader.u8();
      return { kind, broker, through: reader.f64(), messages: reader.f64(), bytes: reader.f64() };
    }
    case 'echo':
      return { kind, broker: reader.u8(), seq: reader.f64(), packetId: reader.u32(), hash: reader.f64() };
    case 'closed':
      return { kind, broker: reader.u8(), through: reader.f64() };
    case 'session':
      return { kind, broker: reader.u8(), number: reader.u32(), brokerId: reader.text() };
    case 'drop': {
      const broker = reader.u8();
      const through = reader.f64();
      return { kind, broker, through, reason: dropReason(reader.u8()), messages: reader.f64() };
    }
    default:
      throw new RangeError('there is no such kind of record');
  }
}

export function* recordsIn(body: Buffer): Generator<EventRecord> {
  const reader = new BatchReader(body);
  while (!reader.done) yield readEventRecord(reader);
}

/** The bytes of an event, as they are counted in queues. */
export function eventBytes({ topic, payload, properties }: LoggedEvent): number {
  return topic.length + payload.length + properties.length;
}

/** An event that is being made: further fields are set only where they apply, so that most events have one shape. */
export type EventDraft = { -readonly [Key in keyof LoggedEvent]: LoggedEvent[Key] };

function writeEvent(writer: BatchWriter, event: LoggedEvent): void {
  const flags =
    (event.retain ? RETAIN : 0) |
    (event.expiresAt === Number.POSITIVE_INFINITY ? 0 : EXPIRES) |
    (event.hasMessageExpiry === undefined ? 0 : MESSAGE_EXPIRY) |
    (event.properties === '' ? 0 : PROPERTIES) |
    (event.path.length === 0 ? 0 : PATH);
  writer.f64(event.seq).u8(event.origin).u8(flags).u32(event.packetId).f64(event.received);
  writer.u32(event.recipients).text(event.topic).bytes(event.payload);
  if (flags & EXPIRES) writer.f64(event.expiresAt);
  if (flags & PROPERTIES) writer.text(event.properties);
  if (flags & PATH) writePath(writer, event.path);
}

function readEvent(reader: BatchReader): LoggedEvent {
  const seq = reader.f64();
  const origin = reader.u8();
  const flags = reader.u8();
  const event: EventDraft = {
    kind: 'event',
    seq,
    origin,
    packetId: reader.u32(),
    received: reader.f64(),
    recipients: reader.u32(),
    topic: reader.text(),
    payload: reader.bytes(),
    expiresAt: flags & EXPIRES ? reader.f64() : Number.POSITIVE_INFINITY,
    properties: flags & PROPERTIES ? reader.text() : '',
    path: flags & PATH ? readPath(reader) : NO_PATH,
    retain: (flags & RETAIN) !== 0,
  };
  if (flags & MESSAGE_EXPIRY) event.hasMessageExpiry = true;
  return event;
}

function readEntries(reader: BatchReader): SentEntry[] {
  return Array.from({ length: reader.u32() }, () => ({ seq: reader.f64(), hash: reader.f64() }));
}

function dropReason(index: number): Drop['reason'] {
  const reason = DROP_REASONS[index];
  if (reason === undefined) throw new RangeError(`there is no reason ${index}`);
  return reason;
}
