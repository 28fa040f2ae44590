/**
 * Gathers what is to be written to a broker in one turn of the event loop: packets of the lane are encoded straight into one
 * buffer, those of MQTT.js are copied into it. MQTT.js writes a PUBLISH in up to thirty pieces, and each piece would be an entry
 * in the queue of a stream and a vector of a system call, which cost more than its bytes.
 */

import type { UserProperties } from '../../protocol/properties.ts';
import type { EncodedPublish } from './encoded-publish.ts';
import { writeVariableInteger } from './packet-format.ts';
import { MAX_UTF8_BYTES, mostPropertyBytes, type Properties } from './property-bytes.ts';

const BUFFER_BYTES = 64 * 1024;

/** A piece of at least this many bytes is not worth copying. */
const MIN_UNCOPIED_BYTES = 8 * 1024;

/** Most bytes of a fixed header, and of what a PUBLISH has beside topic, properties and payload. */
const MAX_HEADER_BYTES = 5;
const OVERHEAD_BYTES = 2 * MAX_HEADER_BYTES + 4;

/** A text has its length in front of it, in two bytes. */
const MAX_TEXT_BYTES = 65_535;

/** Texts up to this length are written character by character: a call into Node costs more. */
const SHORT_TEXT = 40;

export class PacketWriter {
  /** Each of its bytes is written once: what was taken stays as it is. */
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  /** What is in the buffer from here on is no piece yet. */
  #start = 0;
  #length = 0;
  /** What comes before that. */
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** Bytes since the last `take`. */
  get length(): number {
    return this.#bytes + this.#length - this.#start;
  }

  /**
   * @param id the packet identifier; not used with QoS 0
   * @param properties undefined over MQTT 3.1.1
   * @throws RangeError if a text is longer than MQTT allows; nothing is written then
   */
  publish(
    topic: string,
    payload: Buffer,
    qos: 0 | 1,
    retain: boolean,
    id: number,
    properties: Properties | undefined,
  ): void {
    const isCopied = payload.length < MIN_UNCOPIED_BYTES;
    const own = properties === undefined ? 0 : mostPropertyBytes(properties);
    const copied = isCopied ? payload.length : 0;
    this.#reserve(OVERHEAD_BYTES + topic.length * MAX_UTF8_BYTES + own + copied);
    const start = this.#length;
    // Most packets have a length of two bytes; its place is corrected otherwise.
    const body = start + 3;
    this.#length = body;
    try {
      this.#text(topic);
      if (qos > 0) this.#u16(id);
      if (properties !== undefined) this.#properties(properties, own);
    } catch (error) {
      this.#length = start;
      throw error;
    }
    if (isCopied) this.#copy(payload);
    const remaining = this.#length - body + payload.length - copied;
    this.#header(start, body, 0x30 | (qos << 1) | (retain ? 1 : 0), remaining);
    if (!isCopied) this.#append(payload);
  }

  encoded(packet: EncodedPublish, id: number): void {
    this.#reserve(packet.mostBytes);
    this.#length = packet.encode(this.#buffer, this.#length, id);
  }

  puback(id: number): void {
    this.#reserve(4);
    this.#buffer[this.#length++] = 0x40;
    this.#buffer[this.#length++] = 2;
    this.#u16(id);
  }

  /** What MQTT.js writes. */
  raw(chunk: Uint8Array | string): void {
    if (typeof chunk === 'string') {
      this.#reserve(chunk.length * MAX_UTF8_BYTES);
      this.#length += this.#buffer.write(chunk, this.#length);
      return;
    }
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    if (bytes.length >= MIN_UNCOPIED_BYTES) {
      this.#append(bytes);
      return;
    }
    this.#reserve(bytes.length);
    this.#copy(bytes);
  }

  /** Returns all that was written since the last call, in its order. */
  take(): readonly Buffer[] {
    this.#close();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    return pieces;
  }

  #append(piece: Buffer): void {
    this.#close();
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  /** What is in the buffer becomes a piece. */
  #close(): void {
    const length = this.#length - this.#start;
    if (length === 0) return;
    this.#pieces.push(this.#buffer.subarray(this.#start, this.#length));
    this.#bytes += length;
    this.#start = this.#length;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    this.#close();
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(BUFFER_BYTES, bytes));
    this.#start = this.#length = 0;
  }

  /** @param body where the packet goes on behind its fixed header, for which three bytes are left */
  #header(start: number, body: number, first: number, remaining: number): void {
    const digits = remaining < 2 ** 7 ? 1 : remaining < 2 ** 14 ? 2 : remaining < 2 ** 21 ? 3 : 4;
    const shift = digits - 2;
    if (shift !== 0) {
      this.#buffer.copyWithin(body + shift, body, this.#length);
      this.#length += shift;
    }
    this.#buffer[start] = first;
    writeVariableInteger(this.#buffer, start + 1, remaining);
  }

  #u16(value: number): void {
    this.#buffer[this.#length++] = value >> 8;
    this.#buffer[this.#length++] = value & 0xff;
  }

  #text(value: string): void {
    const start = this.#length + 2;
    const bytes = this.#utf8(value, start);
    if (bytes > MAX_TEXT_BYTES) throw new RangeError(`a text of ${bytes} bytes is longer than MQTT allows`);
    this.#u16(bytes);
    this.#length += bytes;
  }

  /** Returns the number of bytes. */
  #utf8(value: string, start: number): number {
    const length = value.length;
    if (length > SHORT_TEXT) return this.#buffer.write(value, start);
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return this.#buffer.write(value, start);
      this.#buffer[start + index] = code;
    }
    return length;
  }

  #copy(bytes: Buffer): void {
    bytes.copy(this.#buffer, this.#length);
    this.#length += bytes.length;
  }

  /** @param most bytes that they may have */
  #properties(properties: Properties, most: number): void {
    const start = this.#length;
    // As many bytes as the longest length needs; the properties move to it if it needs less.
    const reserved = most < 2 ** 7 ? 1 : most < 2 ** 14 ? 2 : 4;
    this.#length += reserved;
    this.#fields(properties);
    const length = this.#length - start - reserved;
    const end = writeVariableInteger(this.#buffer, start, length);
    if (end === start + reserved) return;
    this.#buffer.copyWithin(end, start + reserved, this.#length);
    this.#length = end + length;
  }

  #fields(properties: Properties): void {
    const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic, correlationData } =
      properties;
    if (payloadFormatIndicator !== undefined) {
      this.#buffer[this.#length++] = 1;
      this.#buffer[this.#length++] = payloadFormatIndicator ? 1 : 0;
    }
    if (messageExpiryInterval !== undefined) {
      this.#buffer[this.#length++] = 2;
      this.#length = this.#buffer.writeUInt32BE(messageExpiryInterval, this.#length);
    }
    if (contentType !== undefined) this.#textProperty(3, contentType);
    if (responseTopic !== undefined) this.#textProperty(8, responseTopic);
    if (correlationData !== undefined) {
      if (correlationData.length > MAX_TEXT_BYTES) throw new RangeError('the correlation data is too long');
      this.#buffer[this.#length++] = 9;
      this.#u16(correlationData.length);
      this.#copy(correlationData);
    }
    const { userProperties } = properties;
    if (userProperties === undefined) return;
    if (!Array.isArray(userProperties)) this.#userProperties(userProperties as UserProperties);
    else for (const some of userProperties as UserProperties[]) this.#userProperties(some);
  }

  #userProperties(some: UserProperties): void {
    for (const name of Object.keys(some)) {
      const values = some[name];
      if (typeof values === 'string') this.#userProperty(name, values);
      else for (const value of values ?? []) this.#userProperty(name, value);
    }
  }

  #userProperty(name: string, value: string): void {
    this.#textProperty(38, name);
    this.#text(value);
  }

  #textProperty(identifier: number, value: string): void {
    this.#buffer[this.#length++] = identifier;
    this.#text(value);
  }
}
