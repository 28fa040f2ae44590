/**
 * Keeps packets that are too large out of memory: it looks at the fixed headers of what comes from the
 * broker, before MQTT.js gathers a packet, and lets a small stand-in take the place of a PUBLISH that is beyond the limit.
 * So it does with one whose properties are too large: to parse some 100,000 of them takes longer than hundreds of messages do.
 *
 * So such a message is acknowledged like any other, and the broker does not send it again and again; and we know
 * that there is one. (To announce a Maximum Packet Size over MQTT 5 would hide it: the broker drops the
 * message unseen, and what is retained there looks deleted.)
 *
 * What is too short for the identifier that it must have ends the connection, and so does a packet that is no PUBLISH and is
 * large: no broker has a reason to send one.
 */

import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { MAX_PROPERTY_BYTES } from '../../protocol/property-faults.ts';

/** Of a whole packet that is within the limit, so much may not be payload: topic and properties. */
const OVERHEAD = 256 * 1024;

const PUBLISH = 3;

/** By their types. */
const NAMES = [
  'packet of type 0',
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'AUTH',
] as const;

/** SUBACK and UNSUBACK have a code for each filter. */
const WITH_CODES: ReadonlySet<number> = new Set([9, 11]);

/** Bytes that a packet may have which is no PUBLISH: most are identifiers, codes and a reason in words. */
const CONTROL_BYTES = 8 * 1024;

/** Bytes that an AUTH may have, whose data may be a ticket of some other system. */
const AUTH = 15;
const AUTH_BYTES = 72 * 1024;

/** PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK. */
const WITH_PACKET_ID: ReadonlySet<number> = new Set([4, 5, 6, 7, 9, 11]);

/** Of a type that MQTT reserves: the parser says that it is not supported, and the connection ends. */
const NO_PACKET = Buffer.from([0, 0]);

const NOTHING = Buffer.alloc(0);

/** Bytes of properties that pass: what a message may have, and room for mqttrep's own and for those of one hop. */
const PROPERTIES_THAT_PASS = MAX_PROPERTY_BYTES + 4 * 1024;

/** What was too large: the packet for its payload, or the properties alone. */
type TooLarge = 'payload' | 'properties';

/** No payload of a client can be this by chance. */
const MARKS: Readonly<Record<TooLarge, Buffer>> = { payload: randomBytes(16), properties: randomBytes(16) };
const MARK_BYTES = 16;
const STAND_IN_BYTES = MARK_BYTES + 4;

/** The bytes that a payload had, or has, of which a stand-in may have come. Infinity where the properties were too large. */
export function sizeOf(payload: Buffer): number {
  if (isStandIn(payload, 'payload')) return payload.readUInt32LE(MARK_BYTES);
  return hasLargeProperties(payload) ? Number.POSITIVE_INFINITY : payload.length;
}

/** Whether it came in place of a message whose properties were too large. */
export function hasLargeProperties(payload: Buffer): boolean {
  return isStandIn(payload, 'properties');
}

function isStandIn(payload: Buffer, what: TooLarge): boolean {
  return payload.length === STAND_IN_BYTES && payload.subarray(0, MARK_BYTES).equals(MARKS[what]);
}

/**
 * Has all that a stream brings go through a guard. Before the first byte has come.
 * @param isCurrent whether what the stream brings now is to be read
 */
export function guardStream(stream: Duplex, guard: PacketGuard, isCurrent: () => boolean = () => true): void {
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (!(chunk instanceof Buffer)) return push(chunk, encoding);
    if (!isCurrent()) return true;
    const passed = guard.pass(chunk);
    return passed.length === 0 || push(passed);
  };
}

export class PacketGuard {
  readonly #largest: number;
  readonly #mqtt5: boolean;
  /** A shorter packet passes without a further look. */
  readonly #shortest: number;
  /** The beginning of a packet, too little of it to decide. */
  #held = NOTHING;
  /** Bytes of the current packet still to come. */
  #left = 0;
  #isDropping = false;
  /** What the broker sent that it never may; nothing behind it has a meaning. Undefined where all is well. */
  broken: string | undefined;
  /** Filters in the largest SUBSCRIBE or UNSUBSCRIBE. */
  #filters = 0;

  /** @param payload the bytes of the largest payload to be let through; somewhat larger ones may be, too */
  constructor(payload: number, mqtt5: boolean) {
    this.#largest = payload + OVERHEAD;
    this.#mqtt5 = mqtt5;
    this.#shortest = mqtt5 ? Math.min(this.#largest, PROPERTIES_THAT_PASS) : this.#largest;
  }

  /** So many filters are asked for in one packet: the answer may have as many codes. */
  expect(filters: number): void {
    this.#filters = Math.max(this.#filters, filters);
  }

  /** What is to be handed on of the bytes that came. */
  pass(chunk: Buffer): Buffer {
    if (this.broken !== undefined) return NOTHING;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    const passed: Buffer[] = [];
    let from = 0;
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const end = Math.min(at + this.#left, bytes.length);
        this.#left -= end - at;
        at = end;
        if (this.#isDropping) from = at;
        continue;
      }
      this.#isDropping = false;
      const header = fixedHeader(bytes, at);
      if (header === undefined) break;
      const shape = this.#fault(bytes, header);
      if (shape === 'undecided') break;
      if (shape !== undefined) {
        this.broken = `a ${NAMES[bytes.readUInt8(at) >> 4]} ${shape}`;
        return Buffer.concat([...passed, bytes.subarray(from, at), NO_PACKET]);
      }
      if (bytes.readUInt8(at) >> 4 !== PUBLISH || header.length <= this.#shortest) {
        this.#left = header.length;
        at = header.end;
        continue;
      }
      const body = endOfTopic(bytes, at, header.end);
      if (body > bytes.length) break;
      const tooLarge = this.#tooLarge(bytes, body, header.length);
      if (tooLarge === 'undecided') break;
      this.#left = header.length - (body - header.end);
      at = body;
      if (tooLarge === undefined) continue;
      passed.push(bytes.subarray(from, header.start), this.#standIn(bytes, header, body, tooLarge));
      this.#isDropping = true;
      from = body;
    }
    if (at < bytes.length) this.#held = Buffer.from(bytes.subarray(at));
    const rest = bytes.subarray(from, at);
    return passed.length === 0 ? rest : Buffer.concat([...passed, rest]);
  }

  /** What is wrong with a packet, in words that follow its name. */
  #fault(bytes: Buffer, header: FixedHeader): string | undefined {
    if (header.isMalformed) return 'whose length has more than four bytes';
    const type = bytes.readUInt8(header.start) >> 4;
    const codes = WITH_CODES.has(type) ? this.#filters : 0;
    const most = type === AUTH ? AUTH_BYTES : CONTROL_BYTES + codes;
    if (type !== PUBLISH && header.length > most) return `of ${header.length} bytes`;
    const shape = shapeOf(bytes, header, this.#mqtt5);
    if (shape === 'undecided') return shape;
    return shape === 'broken' ? 'that is too short for what it must hold' : undefined;
  }

  /** What of a PUBLISH is too large. Its properties come first in the body, and say how long they are. */
  #tooLarge(bytes: Buffer, body: number, length: number): TooLarge | 'undecided' | undefined {
    if (length > this.#largest) return 'payload';
    const properties = variableInteger(bytes, body);
    if (properties === undefined) return 'undecided';
    return properties.value > PROPERTIES_THAT_PASS ? 'properties' : undefined;
  }

  /** The same PUBLISH, without its properties, and with a payload that says how large it was. */
  #standIn(bytes: Buffer, { start, end, length }: FixedHeader, body: number, what: TooLarge): Buffer {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(length - (body - end));
    const noProperties = this.#mqtt5 ? Buffer.alloc(1) : NOTHING;
    const content = Buffer.concat([bytes.subarray(end, body), noProperties, MARKS[what], size]);
    return Buffer.concat([bytes.subarray(start, start + 1), remainingLength(content.length), content]);
  }
}

interface FixedHeader {
  readonly start: number;
  readonly end: number;
  /** Bytes that follow it. */
  readonly length: number;
  /** MQTT has no such length (MQTT 5, §1.5.5). */
  readonly isMalformed: boolean;
}

/** Undefined where it is not all there. */
function fixedHeader(bytes: Buffer, start: number): FixedHeader | undefined {
  const length = variableInteger(bytes, start + 1);
  if (length === undefined) return undefined;
  const isMalformed = bytes.readUInt8(length.end - 1) >= 0x80;
  return { start, end: length.end, length: length.value, isMalformed };
}

/**
 * Whether a packet has room for the identifier that it must have, and for its properties. MQTT.js would take -1 for an
 * identifier that is not there, and throw as it answers, where nobody catches it; and it would read on in the next packet.
 */
function shapeOf(
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

/** A number of MQTT, and where it ends; undefined where it is not all there. */
function variableInteger(
  bytes: Buffer,
  at: number,
): { readonly end: number; readonly value: number } | undefined {
  let value = 0;
  for (let digit = 0; digit < 4; digit++) {
    const byte = bytes[at + digit];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 128 ** digit;
    if (byte < 0x80) return { end: at + digit + 1, value };
  }
  // No number of MQTT: MQTT.js will say so.
  return { end: at + 4, value: 0 };
}

/** Where the topic and the packet id of a PUBLISH end; past the end of the bytes where they are not all there. */
function endOfTopic(bytes: Buffer, at: number, topic: number): number {
  if (topic + 2 > bytes.length) return Number.POSITIVE_INFINITY;
  const hasId = (bytes.readUInt8(at) & 0b110) !== 0;
  return topic + 2 + bytes.readUInt16BE(topic) + (hasId ? 2 : 0);
}

function remainingLength(length: number): Buffer {
  const digits: number[] = [];
  for (let left = length; digits.length === 0 || left > 0; left = Math.floor(left / 128)) {
    digits.push((left % 128) | (left >= 128 ? 0x80 : 0));
  }
  return Buffer.from(digits);
}
