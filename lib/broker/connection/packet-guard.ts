/**
 * Keeps packets that are too large out of memory. The guard reads the fixed headers of what the broker sends before MQTT.js
 * gathers a packet, and replaces a PUBLISH above the limit by a small stand-in (stand-in.ts). It also replaces a PUBLISH whose
 * properties are too large: to parse some 100,000 of them takes longer than to parse hundreds of messages.
 *
 * Such a message is acknowledged like any other, so the broker does not send it repeatedly, and mqttrep knows that it
 * exists. A Maximum Packet Size in CONNECT would hide it: the broker would drop the message unseen, and a retained one
 * would look deleted.
 *
 * Two kinds of packets end the connection: one that is too short for its mandatory identifier, and a large one that is not
 * a PUBLISH, since no broker has a reason to send it.
 */

import type { Duplex } from 'node:stream';
import { MAX_PROPERTY_BYTES } from '../../protocol/property-faults.ts';
import {
  endOfTopic,
  type FixedHeader,
  fixedHeader,
  PUBLISH,
  shapeOf,
  variableInteger,
} from '../lane/packet-format.ts';
import { standInFor, type TooLarge } from '../lane/stand-in.ts';

/** Bytes that topic and properties may take beside the largest payload. */
const OVERHEAD_BYTES = 256 * 1024;

/** The names of packets, by their types. */
const PACKET_NAMES = [
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

/** SUBACK and UNSUBACK: they have a code for each filter. */
const WITH_CODES: ReadonlySet<number> = new Set([9, 11]);

/** Largest packet other than a PUBLISH: identifiers, codes and a reason string. */
const MAX_CONTROL_BYTES = 8 * 1024;

/** Largest AUTH, whose data may be a ticket of another system. */
const AUTH = 15;
const MAX_AUTH_BYTES = 72 * 1024;

/** A packet of the type that MQTT reserves: the parser reports it as not supported, and the connection ends. */
const INVALID_PACKET = Buffer.from([0, 0]);

const NO_BYTES = Buffer.alloc(0);

/** Properties up to this size pass: those of a message, mqttrep's own, and those that one more hop adds. */
const MAX_PASSED_PROPERTY_BYTES = MAX_PROPERTY_BYTES + 4 * 1024;

/**
 * Passes all bytes that a stream receives through a guard. To be called before the first byte arrives.
 * @param isCurrent whether the bytes that have just arrived are to be read
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
  /** A packet up to this size passes without a closer look. */
  readonly #shortest: number;
  /** The beginning of a packet, too short to decide. */
  #held = NO_BYTES;
  /** Bytes of the current packet still to come. */
  #left = 0;
  #isDropping = false;
  /** The violation of the protocol, after which no byte has a meaning; undefined where there is none. */
  broken: string | undefined;
  /** Filters in the largest SUBSCRIBE or UNSUBSCRIBE. */
  #filters = 0;

  /** @param payload bytes of the largest payload that passes; a somewhat larger one may pass, too */
  constructor(payload: number, mqtt5: boolean) {
    this.#largest = payload + OVERHEAD_BYTES;
    this.#mqtt5 = mqtt5;
    this.#shortest = mqtt5 ? Math.min(this.#largest, MAX_PASSED_PROPERTY_BYTES) : this.#largest;
  }

  /** A SUBSCRIBE or UNSUBSCRIBE with this many filters goes out: its answer may have as many codes. */
  expect(filters: number): void {
    this.#filters = Math.max(this.#filters, filters);
  }

  /** Returns the bytes to be handed on. */
  pass(chunk: Buffer): Buffer {
    if (this.broken !== undefined) return NO_BYTES;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NO_BYTES;
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
        this.broken = `a ${PACKET_NAMES[bytes.readUInt8(at) >> 4]} ${shape}`;
        return Buffer.concat([...passed, bytes.subarray(from, at), INVALID_PACKET]);
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
      passed.push(bytes.subarray(from, header.start), standInFor(bytes, header, body, tooLarge, this.#mqtt5));
      this.#isDropping = true;
      from = body;
    }
    if (at < bytes.length) this.#held = Buffer.from(bytes.subarray(at));
    const rest = bytes.subarray(from, at);
    return passed.length === 0 ? rest : Buffer.concat([...passed, rest]);
  }

  /** What is wrong with a packet, in words that follow its name; undefined where nothing is. */
  #fault(bytes: Buffer, header: FixedHeader): string | undefined {
    if (header.isMalformed) return 'whose length has more than four bytes';
    const type = bytes.readUInt8(header.start) >> 4;
    const codes = WITH_CODES.has(type) ? this.#filters : 0;
    const most = type === AUTH ? MAX_AUTH_BYTES : MAX_CONTROL_BYTES + codes;
    if (type !== PUBLISH && header.length > most) return `of ${header.length} bytes`;
    const shape = shapeOf(bytes, header, this.#mqtt5);
    if (shape === 'undecided') return shape;
    return shape === 'broken' ? 'that is too short for what it must hold' : undefined;
  }

  /** What of a PUBLISH is too large. Its properties come first in the body, with their length. */
  #tooLarge(bytes: Buffer, body: number, length: number): TooLarge | 'undecided' | undefined {
    if (length > this.#largest) return 'payload';
    const properties = variableInteger(bytes, body);
    if (properties === undefined) return 'undecided';
    return properties.value > MAX_PASSED_PROPERTY_BYTES ? 'properties' : undefined;
  }
}
