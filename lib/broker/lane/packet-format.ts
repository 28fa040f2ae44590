/** The parts of an MQTT packet that are looked at before MQTT.js parses it. */

export const PUBLISH = 3;
export const PUBACK = 4;

/** PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK. */
const WITH_PACKET_ID: ReadonlySet<number> = new Set([4, 5, 6, 7, 9, 11]);

export interface FixedHeader {
  readonly start: number;
  readonly end: number;
  /** Bytes that follow the header. */
  readonly length: number;
  /** MQTT has no such length (MQTT 5, §1.5.5). */
  readonly isMalformed: boolean;
}

/** Undefined where the header is incomplete. */
export function fixedHeader(bytes: Buffer, start: number): FixedHeader | undefined {
  const length = variableInteger(bytes, start + 1);
  if (length === undefined) return undefined;
  const isMalformed = bytes.readUInt8(length.end - 1) >= 0x80;
  return { start, end: length.end, length: length.value, isMalformed };
}

/**
 * Whether a packet is long enough for its mandatory identifier, and for its properties. MQTT.js takes -1 for a missing
 * identifier and throws as it answers, where nothing catches the error; and it would read on in the next packet.
 */
export function shapeOf(
  bytes: Buffer,
  { start, end, length }: FixedHeader,
  mqtt5: boolean,
): 'sound' | 'broken' | 'undecided' {
  const first = bytes.readUInt8(start);
  const type = first >> 4;
  if (type !== PUBLISH) return WITH_PACKET_ID.has(type) && length < 2 ? 'broken' : 'sound';
  if (length < 2) return 'broken';
  const body = endOfTopic(bytes, start, end);
  if (body === Number.POSITIVE_INFINITY) return 'undecided';
  if (body > end + length) return 'broken';
  if (!mqtt5) return 'sound';
  if (body >= end + length) return 'broken';
  const properties = variableInteger(bytes, body);
  if (properties === undefined) return 'undecided';
  return properties.end + properties.value > end + length ? 'broken' : 'sound';
}

/**
 * A variable byte integer and its end; undefined where it is incomplete.
 * @param limit the end of the bytes that it may have
 */
export function variableInteger(
  bytes: Buffer,
  at: number,
  limit = bytes.length,
): { readonly end: number; readonly value: number } | undefined {
  let value = 0;
  for (let digit = 0; digit < 4; digit++) {
    if (at + digit >= limit) return undefined;
    const byte = bytes[at + digit] as number;
    value += (byte & 0x7f) * 128 ** digit;
    if (byte < 0x80) return { end: at + digit + 1, value };
  }
  // More than four bytes: its last one tells.
  return { end: at + 4, value: 0 };
}

/** The end of topic and packet identifier of a PUBLISH; beyond the end of the bytes where these are incomplete. */
export function endOfTopic(bytes: Buffer, at: number, topic: number): number {
  if (topic + 2 > bytes.length) return Number.POSITIVE_INFINITY;
  const hasId = (bytes.readUInt8(at) & 0b110) !== 0;
  return topic + 2 + bytes.readUInt16BE(topic) + (hasId ? 2 : 0);
}

/** The length of a packet as a variable byte integer. */
export function remainingLength(length: number): Buffer {
  const digits: number[] = [];
  for (let left = length; digits.length === 0 || left > 0; left = Math.floor(left / 128)) {
    digits.push((left % 128) | (left >= 128 ? 0x80 : 0));
  }
  return Buffer.from(digits);
}
