/**
 * The record of a topic: its register, and the last change at each broker.
 *
 * Most brokers hold the winner itself. So each message is written once, and the entries for held and pending messages refer
 * to it. Reading restores this sharing, so that a topic takes as much memory after a restart as before. Topics share equal
 * values as well. Transient messages and probes end with the process and are not stored.
 *
 * A large payload is not in the record, which is written again whenever the register changes: the record has its digest, and the
 * payload stands elsewhere in the file (commit-entries.ts).
 */

import type { Payload } from '../core/payload.ts';
import { emptyRegister, type Held, type Message, type Pending, type Register } from '../core/register.ts';
import { unretainedAt } from '../core/retain-inference.ts';
import type { Version } from '../core/version.ts';
import type { BatchReader, BatchWriter } from '../protocol/batch.ts';
import { messageDigestOf } from '../protocol/message-digest.ts';
import { readVersion, writeVersion } from '../protocol/packed-version.ts';
import { readPayload } from '../protocol/payload.ts';
import type { StoredTopic, SupersededAt } from './state-store.ts';

/** Maps the brokers of a record to the configured ones. */
export interface BrokerMapping {
  /** By the index in the record; -1 for a broker that is no longer configured. */
  readonly indexes: readonly number[];
  /** The number of configured brokers. */
  readonly brokers: number;
}

/** Values that many topics have in common, kept once. */
export class Shared {
  readonly #replicas = new Map<string, string>();
  /** Most topics of one commit have the same value. */
  #lastSeen: readonly number[] = [];

  replica(replica: string): string {
    const same = this.#replicas.get(replica);
    if (same !== undefined) return same;
    if (this.#replicas.size < MAX_SHARED_REPLICAS) this.#replicas.set(replica, replica);
    return replica;
  }

  seen(seenAt: readonly number[]): readonly number[] {
    const isSame =
      seenAt.length === this.#lastSeen.length && seenAt.every((at, index) => at === this.#lastSeen[index]);
    if (!isSame) this.#lastSeen = seenAt;
    return this.#lastSeen;
  }
}

/** The most replica ids that are shared. */
const MAX_SHARED_REPLICAS = 10_000;

const NONE: readonly SupersededAt[] = [];

/** The fields of a register that a record does not hold. */
const EMPTY = emptyRegister(0);

/** What a broker holds: unknown, absent, or FIRST_MESSAGE plus the index of the message in the record. */
const UNKNOWN = 0;
const ABSENT = 1;
const FIRST_MESSAGE = 2;

/** The origin of a message that mqttrep itself wrote, or the index of a broker that is no longer configured. */
const NOBODY = -1;

/** Flags of a topic. */
const WINNER = 1;
const TOMBSTONE = 2;

/** Flags of a message. */
const PROPERTIES = 1;
const EXPIRES = 2;
const TTL_EXPIRY = 4;
/** The digest stands for the payload. */
const LARGE = 8;

/** The messages that are stored with a register, the winner first. */
export function storedMessages({ winner, held, pending }: Register): readonly Message[] {
  const messages: Message[] = winner === undefined ? [] : [winner];
  for (const what of held) {
    if (typeof what === 'object' && !messages.includes(what)) messages.push(what);
  }
  for (const { retained, message } of pending) {
    if (retained && !messages.includes(message)) messages.push(message);
  }
  return messages;
}

/**
 * @param messages the `storedMessages` of the register
 * @param brokers the number of brokers that the file knows; the register may know fewer or more
 */
export function writeTopic(
  writer: BatchWriter,
  { register, seenAt, superseded = NONE }: StoredTopic,
  messages: readonly Message[],
  brokers: number,
): void {
  const { winner, tombstone, held, pending, inference } = register;
  writer.u32(messages.length);
  writer.u8((winner === undefined ? 0 : WINNER) | (tombstone === undefined ? 0 : TOMBSTONE));
  if (tombstone !== undefined) writeVersion(writer, tombstone);
  for (const message of messages) writeMessage(writer, message);
  writer.u32(inference.unretained);
  for (let broker = 0; broker < brokers; broker++) {
    writer.u32(heldAs(held[broker], messages)).f64(seenAt[broker] ?? 0);
  }
  let retained = 0;
  for (const entry of pending) if (entry.retained) retained++;
  writer.u32(retained);
  for (const entry of pending) {
    if (entry.retained) writer.u8(entry.broker).u32(messages.indexOf(entry.message));
  }
  writeSuperseded(writer, superseded);
}

function heldAs(held: Held | undefined, messages: readonly Message[]): number {
  if (typeof held === 'object') return FIRST_MESSAGE + messages.indexOf(held);
  return held === 'absent' ? ABSENT : UNKNOWN;
}

/** Returns the payload with this digest. It throws RangeError if there is none. */
export type LargePayloadOf = (digest: string) => Payload;

/**
 * Entries of a broker that is no longer configured are skipped.
 * @throws RangeError if it is no valid record
 */
export function readTopic(
  reader: BatchReader,
  { indexes, brokers }: BrokerMapping,
  shared: Shared,
  payloadOf: LargePayloadOf,
): StoredTopic {
  const count = reader.u32();
  const has = reader.u8();
  const tombstone = has & TOMBSTONE ? versionOf(reader, shared) : undefined;
  const messages: Message[] = [];
  while (messages.length < count) messages.push(readMessage(reader, indexes, shared, payloadOf));
  const bits = reader.u32();
  const held = new Array<Held>(brokers).fill('unknown');
  const seenAt = new Array<number>(brokers).fill(0);
  let unretained = 0;
  for (let number = 0; number < indexes.length; number++) {
    const what = reader.u32();
    const at = reader.f64();
    const index = indexes[number] ?? NOBODY;
    if (index === NOBODY) continue;
    if (what !== UNKNOWN)
      held[index] = what === ABSENT ? 'absent' : messageAt(messages, what - FIRST_MESSAGE);
    seenAt[index] = at;
    if (bits & (1 << number)) unretained |= 1 << index;
  }
  const pending: Pending[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const broker = indexes[reader.u8()] ?? NOBODY;
    const message = messageAt(messages, reader.u32());
    if (broker !== NOBODY) pending.push({ broker, retained: true, message });
  }
  const superseded = readSuperseded(reader, indexes);
  const winner = has & WINNER ? messageAt(messages, 0) : undefined;
  const register: Register = {
    winner,
    tombstone,
    transient: EMPTY.transient,
    held,
    pending: pending.length === 0 ? EMPTY.pending : pending,
    probes: EMPTY.probes,
    inference: unretainedAt(unretained),
  };
  const stored = { register, seenAt: shared.seen(seenAt) };
  return superseded.length === 0 ? stored : { ...stored, superseded };
}

function writeSuperseded(writer: BatchWriter, superseded: readonly SupersededAt[]): void {
  writer.u32(superseded.length);
  for (const { broker, from, until, payload, properties } of superseded) {
    writer.u8(broker).f64(from).f64(until).byteString(payload);
    writer.u8(properties === undefined ? 0 : PROPERTIES);
    if (properties !== undefined) writer.text(properties);
  }
}

function readSuperseded(reader: BatchReader, indexes: readonly number[]): readonly SupersededAt[] {
  const superseded: SupersededAt[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const broker = indexes[reader.u8()] ?? NOBODY;
    const value = { from: reader.f64(), until: reader.f64(), payload: reader.byteString() };
    const properties = reader.u8() & PROPERTIES ? reader.text() : undefined;
    if (broker !== NOBODY) superseded.push({ broker, ...value, properties });
  }
  return superseded;
}

function messageAt(messages: readonly Message[], place: number): Message {
  const message = messages[place];
  if (message === undefined) throw new RangeError(`the record has no message ${place}`);
  return message;
}

function writeMessage(writer: BatchWriter, message: Message): void {
  const { payload, properties, version, origin, messageExpiresAt, ttlExpiresAt } = message;
  const flags =
    (properties === undefined ? 0 : PROPERTIES) |
    (messageExpiresAt === Number.POSITIVE_INFINITY ? 0 : EXPIRES) |
    (ttlExpiresAt === Number.POSITIVE_INFINITY ? 0 : TTL_EXPIRY) |
    (typeof payload === 'string' ? 0 : LARGE);
  writer.u8(flags).byteString(typeof payload === 'string' ? payload : messageDigestOf(payload));
  writeVersion(writer, version);
  writer.u8(origin - NOBODY);
  if (properties !== undefined) writer.text(properties);
  if (flags & EXPIRES) writer.f64(messageExpiresAt);
  if (flags & TTL_EXPIRY) writer.f64(ttlExpiresAt);
}

function readMessage(
  reader: BatchReader,
  indexes: readonly number[],
  shared: Shared,
  payloadOf: LargePayloadOf,
): Message {
  const flags = reader.u8();
  const payload = flags & LARGE ? payloadOf(reader.byteString()) : readPayload(reader);
  const version = versionOf(reader, shared);
  const origin = indexes[reader.u8() + NOBODY] ?? NOBODY;
  const properties = flags & PROPERTIES ? reader.text() : undefined;
  const messageExpiresAt = flags & EXPIRES ? reader.f64() : Number.POSITIVE_INFINITY;
  const ttlExpiresAt = flags & TTL_EXPIRY ? reader.f64() : Number.POSITIVE_INFINITY;
  return { payload, properties, version, origin, messageExpiresAt, ttlExpiresAt };
}

function versionOf(reader: BatchReader, shared: Shared): Version {
  const { time, counter, replica } = readVersion(reader);
  return { time, counter, replica: shared.replica(replica) };
}
