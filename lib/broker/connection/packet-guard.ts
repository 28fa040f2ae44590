/**
 * Keeps messages that are too large out of memory: it looks at the fixed headers of what comes from the
 * broker, before MQTT.js gathers a packet, and lets a small stand-in take the place of a PUBLISH that is beyond the limit.
 *
 * So such a message is acknowledged like any other, and the broker does not send it again and again; and we know
 * that there is one. (To announce a Maximum Packet Size over MQTT 5 would hide it: the broker drops the
 * message unseen, and what is retained there looks deleted.)
 */

import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';

/** Of a whole packet that is within the limit, so much may not be payload: topic and properties. */
const OVERHEAD = 256 * 1024;

const PUBLISH = 3;
const NOTHING = Buffer.alloc(0);

/** No payload of a client can be this by chance. */
const MARK = randomBytes(16);
const STAND_IN_BYTES = MARK.length + 4;

/** The bytes that a payload had, or has, of which a stand-in may have come. */
export function sizeOf(payload: Buffer): number {
  const isStandIn = payload.length === STAND_IN_BYTES && payload.subarray(0, MARK.length).equals(MARK);
  return isStandIn ? payload.readUInt32LE(MARK.length) : payload.length;
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
  /** The beginning of a packet, too little of it to decide. */
  #held = NOTHING;
  /** Bytes of the current packet still to come. */
  #left = 0;
  #isDropping = false;

  /** @param payload the bytes of the largest payload to be let through; somewhat larger ones may be, too */
  constructor(payload: number, mqtt5: boolean) {
    this.#largest = payload + OVERHEAD;
    this.#mqtt5 = mqtt5;
  }

  /** What is to be handed on of the bytes that came. */
  pass(chunk: Buffer): Buffer {
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
      if (bytes.readUInt8(at) >> 4 !== PUBLISH || header.length <= this.#largest) {
        this.#left = header.length;
        at = header.end;
        continue;
      }
      const body = endOfTopic(bytes, at, header.end);
      if (body > bytes.length) break;
      passed.push(bytes.subarray(from, at), this.#standIn(bytes, at, header.end, body, header.length));
      this.#left = header.length - (body - header.end);
      this.#isDropping = true;
      at = body;
      from = body;
    }
    if (at < bytes.length) this.#held = Buffer.from(bytes.subarray(at));
    const rest = bytes.subarray(from, at);
    return passed.length === 0 ? rest : Buffer.concat([...passed, rest]);
  }

  /** The same PUBLISH, without its properties, and with a payload that says how large it was. */
  #standIn(bytes: Buffer, at: number, topic: number, body: number, length: number): Buffer {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(length - (body - topic));
    const noProperties = this.#mqtt5 ? Buffer.alloc(1) : NOTHING;
    const content = Buffer.concat([bytes.subarray(topic, body), noProperties, MARK, size]);
    return Buffer.concat([bytes.subarray(at, at + 1), remainingLength(content.length), content]);
  }
}

/** Where a fixed header ends, and how many bytes follow it; undefined where it is not all there. */
function fixedHeader(
  bytes: Buffer,
  at: number,
): { readonly end: number; readonly length: number } | undefined {
  let length = 0;
  for (let digit = 0; digit < 4; digit++) {
    const byte = bytes[at + 1 + digit];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** digit;
    if (byte < 0x80) return { end: at + 2 + digit, length };
  }
  // No length of MQTT: MQTT.js will say so.
  return { end: at + 5, length: 0 };
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
