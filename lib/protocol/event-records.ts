/** What crosses the port of an event connection in masses, packed: incoming records and deliveries. */

import type { QoS } from '../core/policy.ts';
import type { BatchReader, BatchWriter } from './batch.ts';

/** Names one event for ever: the log that holds it, and its sequence number there. */
export interface EventId {
  readonly node: string;
  readonly seq: number;
}

export type Incoming = IncomingMessage | IncomingEcho | IncomingFence;

/** A message that no stamp proves to be our own. */
export interface IncomingMessage {
  readonly kind: 'message';
  /** See event-messages.ts; 0 if it came with QoS 0 and gets no PUBACK. */
  readonly ordinal: number;
  /** 0 if it came with QoS 0. */
  readonly packetId: number;
  readonly dup: boolean;
  readonly retain: boolean;
  readonly topic: string;
  readonly payload: Buffer;
  /** Canonical, see properties.ts; empty for none. */
  readonly properties: string;
  /** Message expiry in milliseconds; Infinity for none. */
  readonly expiry: number;
  /** The brokers that it has passed, as the stamp of another replicator says; empty without one. */
  readonly path: readonly string[];
}

/** Our own publish, proven by its stamp. */
export interface IncomingEcho {
  readonly kind: 'echo';
  readonly ordinal: number;
  readonly id: EventId;
}

/** A fence of ours has come back: all that the broker had delivered before it stands before it. */
export interface IncomingFence {
  readonly kind: 'fence';
  readonly ordinal: number;
  readonly nonce: number;
}

const MESSAGE = 0;
const ECHO = 1;
const FENCE = 2;

const DUP = 1;
const RETAIN = 2;
const PROPERTIES = 4;
const EXPIRY = 8;
const PATH = 16;

export function writeIncoming(writer: BatchWriter, incoming: Incoming): void {
  writer.record();
  switch (incoming.kind) {
    case 'message':
      writeMessage(writer, incoming);
      return;
    case 'echo':
      writer.u8(ECHO).u32(incoming.ordinal).text(incoming.id.node).f64(incoming.id.seq);
      return;
    case 'fence':
      writer.u8(FENCE).u32(incoming.ordinal).f64(incoming.nonce);
      return;
  }
}

/** @throws RangeError if `writeIncoming` did not write it */
export function readIncoming(reader: BatchReader): Incoming {
  const kind = reader.u8();
  const ordinal = reader.u32();
  switch (kind) {
    case MESSAGE:
      return readMessage(reader, ordinal);
    case ECHO:
      return { kind: 'echo', ordinal, id: { node: reader.text(), seq: reader.f64() } };
    case FENCE:
      return { kind: 'fence', ordinal, nonce: reader.f64() };
    default:
      throw new RangeError(`there is no kind of incoming record ${kind}`);
  }
}

function writeMessage(writer: BatchWriter, message: IncomingMessage): void {
  const { ordinal, packetId, dup, retain, topic, payload, properties, expiry, path } = message;
  const flags =
    (dup ? DUP : 0) |
    (retain ? RETAIN : 0) |
    (properties === '' ? 0 : PROPERTIES) |
    (expiry === Number.POSITIVE_INFINITY ? 0 : EXPIRY) |
    (path.length === 0 ? 0 : PATH);
  writer.u8(MESSAGE).u32(ordinal).u32(packetId).u8(flags).text(topic).bytes(payload);
  if (flags & PROPERTIES) writer.text(properties);
  if (flags & EXPIRY) writer.f64(expiry);
  if (flags & PATH) writePath(writer, path);
}

function readMessage(reader: BatchReader, ordinal: number): IncomingMessage {
  const packetId = reader.u32();
  const flags = reader.u8();
  return {
    kind: 'message',
    ordinal,
    packetId,
    dup: (flags & DUP) !== 0,
    retain: (flags & RETAIN) !== 0,
    topic: reader.text(),
    payload: reader.bytes(),
    properties: flags & PROPERTIES ? reader.text() : '',
    expiry: flags & EXPIRY ? reader.f64() : Number.POSITIVE_INFINITY,
    path: flags & PATH ? readPath(reader) : NO_PATH,
  };
}

export const NO_PATH: readonly string[] = [];

export function writePath(writer: BatchWriter, path: readonly string[]): void {
  writer.u8(path.length);
  for (const id of path) writer.text(id);
}

export function readPath(reader: BatchReader): readonly string[] {
  const length = reader.u8();
  return length === 0 ? NO_PATH : Array.from({ length }, () => reader.text());
}

// ── deliveries ───────────────────────────────────────────────────────────────────────────────────────

/** An event to be published; read by `PackedDelivery`. */
export interface Delivery {
  readonly seq: number;
  readonly topic: string;
  readonly payload: Buffer;
  readonly properties: string;
  readonly retain: boolean;
  readonly qos: QoS;
  /** The end of the message expiry that its client gave it, in milliseconds since 1970; Infinity for none. */
  readonly expiresAt: number;
  /** Id of the broker that it comes from: the last one of its path. Empty if that has none. */
  readonly origin: string;
  /** The brokers that it has passed, with its origin. */
  readonly path: readonly string[];
}

export const QOS = 3;
export const RETAINED = 4;
export const HAS_PROPERTIES = 8;
export const EXPIRES = 16;

export function writeDelivery(writer: BatchWriter, delivery: Delivery): void {
  const { seq, topic, payload, properties, retain, qos, expiresAt, origin, path } = delivery;
  const flags =
    qos |
    (retain ? RETAINED : 0) |
    (properties === '' ? 0 : HAS_PROPERTIES) |
    (expiresAt === Number.POSITIVE_INFINITY ? 0 : EXPIRES);
  writer.record().f64(seq).u8(flags).text(topic).bytes(payload).text(origin);
  writePath(writer, path);
  if (flags & HAS_PROPERTIES) writer.text(properties);
  if (flags & EXPIRES) writer.f64(expiresAt);
}
