/**
 * What MQTT says of the bytes of one packet, written from the standard and not from the code under test: whether it is sound, is to
 * be refused alone or left out, or breaks the protocol. mqtt-packet is too lenient to tell: it reads what is missing in the packet after it.
 */

import { headerOf, PUBACK, PUBLISH, typeOf, variable } from '../../support/packet-bytes.ts';

export type Verdict = 'sound' | 'refused' | 'left out' | 'broken';

/** The value of a property: a number of bytes, a text, two of them, or a variable byte integer. */
const VALUES: Readonly<Record<number, number | 'text' | 'pair' | 'integer'>> = {
  1: 1,
  2: 4,
  3: 'text',
  8: 'text',
  9: 'text',
  11: 'integer',
  17: 4,
  18: 'text',
  19: 2,
  21: 'text',
  22: 'text',
  23: 1,
  24: 4,
  25: 1,
  26: 'text',
  28: 'text',
  31: 'text',
  33: 2,
  34: 2,
  35: 2,
  36: 1,
  37: 1,
  38: 'pair',
  39: 4,
  40: 1,
  41: 1,
  42: 1,
};

/** Properties of a message that may be there once. */
const ONCE: ReadonlySet<number> = new Set([1, 2, 3, 8, 9]);
const TOPIC_ALIAS = 35;

/** Larger properties of a message are not read. */
const MAX_PROPERTY_BYTES = 68 * 1024;

const WITH_ID: ReadonlySet<number> = new Set([4, 5, 6, 7, 9, 11]);
const REASONS: ReadonlySet<number> = new Set([0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]);

/** @param packet complete, by its length */
export function verdictOn(packet: Buffer, mqtt5: boolean): Verdict {
  const type = typeOf(packet);
  const body = packet.subarray(headerOf(packet));
  if (type === PUBLISH) return ofPublish(packet.readUInt8(0), body, mqtt5);
  if (body.length > (type === 15 ? 72 : 8) * 1024) return 'broken';
  if (WITH_ID.has(type) && body.length < 2) return 'broken';
  return type === PUBACK ? ofPuback(packet.readUInt8(0), body, mqtt5) : 'sound';
}

function ofPublish(first: number, body: Buffer, mqtt5: boolean): Verdict {
  const qos = (first >> 1) & 3;
  if (qos === 3 || body.length < 2) return 'broken';
  const at = 2 + body.readUInt16BE(0) + (qos > 0 ? 2 : 0);
  if (at > body.length) return 'broken';
  return mqtt5 ? ofProperties(body, at, true) : 'sound';
}

function ofPuback(first: number, body: Buffer, mqtt5: boolean): Verdict {
  if ((first & 0xf) !== 0) return 'broken';
  if (!mqtt5 || body.length === 2) return 'sound';
  if (!REASONS.has(body.readUInt8(2))) return 'broken';
  const verdict = body.length === 3 ? 'sound' : ofProperties(body, 3, false);
  // A PUBACK has nothing that could be refused alone.
  return verdict === 'broken' ? 'broken' : 'sound';
}

function ofProperties(body: Buffer, start: number, isMessage: boolean): Verdict {
  const section = integerAt(body, start);
  const isLarge = isMessage && body.length > MAX_PROPERTY_BYTES;
  if (isLarge && section !== undefined && section.value > MAX_PROPERTY_BYTES) return 'left out';
  if (section === undefined || section.end + section.value > body.length) return 'broken';
  const properties = body.subarray(section.end, section.end + section.value);
  const seen = new Set<number>();
  let verdict: Verdict = 'sound';
  for (let at = 0; at < properties.length; ) {
    const identifier = properties.readUInt8(at);
    const value = VALUES[identifier];
    if (value === undefined) return 'broken';
    // mqttrep permits no aliases.
    if (identifier === TOPIC_ALIAS && isMessage) return 'broken';
    if (ONCE.has(identifier) && seen.has(identifier)) verdict = 'refused';
    seen.add(identifier);
    const end = endOfValue(properties, at + 1, value);
    if (end === 'malformed') return 'broken';
    if (end === undefined || end > properties.length) return 'refused';
    at = end;
  }
  return verdict;
}

function endOfValue(
  bytes: Buffer,
  at: number,
  value: number | 'text' | 'pair' | 'integer',
): number | undefined | 'malformed' {
  if (typeof value === 'number') return at + value;
  if (value === 'integer') {
    const digits = bytes.subarray(at, at + 4);
    if (digits.length === 4 && digits.every(digit => digit >= 0x80)) return 'malformed';
    return integerAt(bytes, at)?.end;
  }
  if (at + 2 > bytes.length) return undefined;
  const end = at + 2 + bytes.readUInt16BE(at);
  return value === 'pair' ? endOfValue(bytes, end, 'text') : end;
}

function integerAt(bytes: Buffer, at: number): { readonly value: number; readonly end: number } | undefined {
  try {
    return variable(bytes, at);
  } catch {
    return undefined;
  }
}
