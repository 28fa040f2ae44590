/**
 * A topic as a record: its register, and when each broker was last seen to change.
 *
 * Most brokers hold the very message that won: each message is written once, and what is held and pending
 * refers to it. Reading restores that sharing, so that a topic takes no more memory after a restart than
 * before. What passes, or is being asked, ends with the process and is not kept.
 */

import { emptyRegister, type Held, type Message, type Pending } from '../core/register.ts';
import { BatchReader, type BatchWriter } from '../protocol/batch.ts';
import { readVersion, writeVersion } from '../protocol/packed-version.ts';
import type { BrokerNumbers } from './broker-numbers.ts';
import type { StoredTopic } from './state-store.ts';

/** The first byte of a record. A record of another format is left out. */
const FORMAT = 1;

/** References to messages: 0 for none, else one more than the place in the record. */
const NONE = 0;

/** The origin of what mqttrep itself wrote, or a broker that is no longer configured. */
const NOBODY = -1;

export function writeTopic(
  writer: BatchWriter,
  { register, seen }: StoredTopic,
  brokers: BrokerNumbers,
): void {
  const { winner, held, pending, unretained } = register;
  const messages: Message[] = [];
  const refer = (message: Message): number => {
    const known = messages.indexOf(message);
    return known >= 0 ? known + 1 : messages.push(message);
  };
  const winnerAt = winner === undefined ? NONE : refer(winner);
  const heldAt = held.map(what => (typeof what === 'object' ? refer(what) : NONE));
  const retained = pending.filter(entry => entry.retained);
  const pendingAt = retained.map(({ message }) => refer(message));

  writer.record().u8(FORMAT).u32(messages.length);
  for (const message of messages) writeMessage(writer, message, brokers);
  writer.u32(winnerAt).u32(held.length);
  for (const [index, what] of held.entries()) {
    const isUnretained = (unretained & (1 << index)) !== 0;
    const flags = (what === 'unknown' ? 1 : 0) | (isUnretained ? 2 : 0);
    writer
      .u32(brokers.numberOf(index))
      .u8(flags)
      .u32(heldAt[index] ?? NONE)
      .f64(seen[index] ?? 0);
  }
  writer.u32(retained.length);
  for (const [at, { broker }] of retained.entries()) {
    writer.u32(brokers.numberOf(broker)).u32(pendingAt[at] ?? NONE);
  }
}

/**
 * What belonged to a broker that is no longer configured is left out.
 * @throws RangeError for what is no record of ours
 */
export function readTopic(record: Buffer, brokers: BrokerNumbers): StoredTopic {
  const reader = new BatchReader(record);
  if (reader.u8() !== FORMAT) throw new RangeError('the record is of another format');
  const messages = Array.from({ length: reader.u32() }, () => readMessage(reader, brokers));
  const messageAt = (reference: number): Message | undefined => messages[reference - 1];
  const winner = messageAt(reader.u32());
  const held = new Array<Held>(brokers.size).fill('unknown');
  const seen = new Array<number>(brokers.size).fill(0);
  let unretained = 0;
  for (let left = reader.u32(); left > 0; left--) {
    const index = brokers.indexOf(reader.u32());
    const flags = reader.u8();
    const message = messageAt(reader.u32());
    const at = reader.f64();
    if (index === undefined) continue;
    held[index] = flags & 1 ? 'unknown' : (message ?? 'absent');
    seen[index] = at;
    if (flags & 2) unretained |= 1 << index;
  }
  const pending: Pending[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const broker = brokers.indexOf(reader.u32());
    const message = messageAt(reader.u32());
    if (broker !== undefined && message !== undefined) pending.push({ broker, retained: true, message });
  }
  return { register: { ...emptyRegister(brokers.size), winner, held, pending, unretained }, seen };
}

function writeMessage(writer: BatchWriter, message: Message, brokers: BrokerNumbers): void {
  const { payload, properties, version, origin, expiresAt, erasedAt } = message;
  writer.byteString(payload).u8(properties === undefined ? 0 : 1);
  if (properties !== undefined) writer.text(properties);
  writeVersion(writer, version);
  writer
    .u32(origin === NOBODY ? 0 : brokers.numberOf(origin) + 1)
    .f64(expiresAt)
    .f64(erasedAt);
}

function readMessage(reader: BatchReader, brokers: BrokerNumbers): Message {
  const payload = reader.byteString();
  const properties = reader.u8() === 0 ? undefined : reader.text();
  const version = readVersion(reader);
  const origin = reader.u32();
  return {
    payload,
    properties,
    version,
    origin: origin === 0 ? NOBODY : (brokers.indexOf(origin - 1) ?? NOBODY),
    expiresAt: reader.f64(),
    erasedAt: reader.f64(),
  };
}
