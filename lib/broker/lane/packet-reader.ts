/**
 * Splits what a broker sends into packets, and decodes those of the lane: PUBLISH of QoS 0 and 1, and PUBACK. All other packets
 * are handed on as bytes, for MQTT.js.
 *
 * It also keeps packets that are too large out of memory. A PUBLISH above the limit is replaced by a small stand-in
 * (stand-in.ts), and so is one whose properties are too large: to parse some 100,000 of them takes longer than to parse hundreds
 * of messages. Such a message is acknowledged like any other, so the broker does not send it repeatedly, and mqttrep knows that
 * it exists. A Maximum Packet Size in CONNECT would hide it: the broker would drop the message unseen, and a retained one would
 * look deleted.
 *
 * A packet that is malformed, or is larger than its type can be, ends the connection: no byte after it has a meaning.
 */

import { MAX_PROPERTY_BYTES } from '../../protocol/property-faults.ts';
import { controlFault, named, TOO_LONG_LENGTH, TOO_SHORT } from './packet-faults.ts';
import { PUBACK, PUBLISH, variableInteger } from './packet-format.ts';
import { PartialPacket } from './partial-packet.ts';
import { decodePuback, decodePublish, type Puback } from './publish-decoder.ts';
import type { DecodedMessage } from './received-message.ts';
import { standInFor, type TooLarge } from './stand-in.ts';
import { TopicAliases } from './topic-aliases.ts';

/** Bytes that topic and properties may take beside the largest payload. */
const OVERHEAD_BYTES = 256 * 1024;

/** Properties up to this size pass: those of a message, mqttrep's own, and those that one more hop adds. */
const MAX_PASSED_PROPERTY_BYTES = MAX_PROPERTY_BYTES + 4 * 1024;

export interface PacketReaderDeps {
  readonly mqtt5: boolean;
  /** Bytes of the largest payload that passes; a somewhat larger one may pass, too. */
  readonly largestPayload: number;
  /** The highest topic alias that the broker may use; none unless given. */
  readonly topicAliasMaximum?: number;
  /** A PUBLISH of QoS 0 or 1. Returns whether to read on at once; otherwise `resume` reads on. */
  readonly message: (message: DecodedMessage) => boolean;
  /** Returns whether the acknowledged publish is one of the lane. */
  readonly puback: (puback: Puback) => boolean;
  /** Any other packet. Its bytes are its own. */
  readonly other: (packet: Buffer) => void;
  /** The broker broke the protocol: nothing more is read. */
  readonly broken: (reason: string) => void;
}

export class PacketReader {
  readonly #deps: PacketReaderDeps;
  readonly #largest: number;
  /** A PUBLISH up to this size passes without a closer look. */
  readonly #shortest: number;
  readonly #aliases: TopicAliases;
  readonly #partial = new PartialPacket();
  /** Bytes of a packet that is left out, still to come. */
  #dropping = 0;
  /** Filters in the largest SUBSCRIBE or UNSUBSCRIBE. */
  #filters = 0;
  #isBroken = false;
  #isPaused = false;

  constructor(deps: PacketReaderDeps) {
    this.#deps = deps;
    this.#largest = deps.largestPayload + OVERHEAD_BYTES;
    this.#shortest = deps.mqtt5 ? Math.min(this.#largest, MAX_PASSED_PROPERTY_BYTES) : this.#largest;
    this.#aliases = new TopicAliases(deps.topicAliasMaximum ?? 0);
  }

  /** A SUBSCRIBE or UNSUBSCRIBE with this many filters goes out: its answer may have as many codes. */
  expect(filters: number): void {
    this.#filters = Math.max(this.#filters, filters);
  }

  /** Reads until the end, or until a message is not to be followed by others at once. Returns where it stopped. */
  read(chunk: Buffer, start = 0): number {
    this.#isPaused = false;
    let at = start;
    while (at < chunk.length && !this.#isPaused && !this.#isBroken) {
      if (this.#dropping > 0) at = this.#drop(chunk, at);
      else if (this.#partial.isEmpty) at = this.#whole(chunk, at);
      else at = this.#continued(chunk, at);
    }
    return this.#isBroken ? chunk.length : at;
  }

  #drop(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#dropping);
    this.#dropping -= end - at;
    return end;
  }

  /** Reads the packet at this place, or keeps its beginning. Returns where it ended. */
  #whole(chunk: Buffer, at: number): number {
    const needed = this.#needed(chunk, at, chunk.length);
    if (this.#isBroken) return chunk.length;
    if (needed < 0) return at - needed;
    if (at + needed <= chunk.length) {
      this.#take(chunk, at, at + needed);
      return at + needed;
    }
    this.#partial.need(needed);
    return this.#partial.fill(chunk, at);
  }

  /** Goes on with the packet whose beginning is kept. */
  #continued(chunk: Buffer, at: number): number {
    const partial = this.#partial;
    const next = partial.fill(chunk, at);
    if (partial.length < partial.needed) return next;
    const { bytes } = partial;
    const needed = this.#needed(bytes, 0, bytes.length);
    if (needed > bytes.length) {
      partial.need(needed);
      return next;
    }
    partial.clear();
    // Of a packet that is left out more may have arrived than what was needed to judge it.
    if (needed < 0) this.#dropping -= bytes.length + needed;
    else if (!this.#isBroken) this.#take(bytes, 0, bytes.length);
    return next;
  }

  /**
   * Bytes of the packet, or a smaller number that is needed to judge it. Negative if the packet is left out: that many bytes are
   * done with, and the rest is dropped as it arrives.
   */
  #needed(bytes: Buffer, at: number, end: number): number {
    let length = 0;
    let header = at + 1;
    for (let factor = 1; ; factor *= 128) {
      if (header === at + 5) return this.#breaks(bytes, at, TOO_LONG_LENGTH);
      if (header >= end) return end - at + 1;
      const byte = bytes[header++] as number;
      length += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    const type = (bytes[at] as number) >> 4;
    const total = header - at + length;
    if (type === PUBLISH) {
      if (length > this.#shortest) return this.#neededOfLarge(bytes, at, header, total, end);
      return length < 2 ? this.#breaks(bytes, at, TOO_SHORT) : total;
    }
    const fault = controlFault(type, length, this.#filters);
    return fault === undefined ? total : this.#breaks(bytes, at, fault);
  }

  /** The same for a PUBLISH that may be too large: its properties come first in the body, with their length. */
  #neededOfLarge(bytes: Buffer, at: number, header: number, total: number, end: number): number {
    if (header + 2 > end) return header + 2 - at;
    const hasId = ((bytes[at] as number) & 0b110) !== 0;
    const body = header + 2 + bytes.readUInt16BE(header) + (hasId ? 2 : 0);
    if (body > at + total) return this.#breaks(bytes, at, TOO_SHORT);
    if (body > end) return body - at;
    const length = total - (header - at);
    let tooLarge: TooLarge | undefined = length > this.#largest ? 'payload' : undefined;
    if (tooLarge === undefined && this.#deps.mqtt5) {
      const properties = variableInteger(bytes, body, end);
      if (properties === undefined) return end - at + 1;
      if (properties.value > MAX_PASSED_PROPERTY_BYTES) tooLarge = 'properties';
    }
    if (tooLarge === undefined) return total;
    const standIn = standInFor(bytes, { start: at, end: header, length }, body, tooLarge, this.#deps.mqtt5);
    this.#dropping = at + total - body;
    this.#take(standIn, 0, standIn.length);
    return at - body;
  }

  /** A complete packet. */
  #take(bytes: Buffer, at: number, end: number): void {
    const first = bytes[at] as number;
    const { mqtt5, message, puback, other } = this.#deps;
    if (first >> 4 === PUBLISH) {
      const decoded = decodePublish(bytes, at, end, mqtt5, this.#aliases);
      if (typeof decoded === 'string') this.#breaks(bytes, at, decoded);
      else if (decoded.qos === 2) other(Buffer.from(bytes.subarray(at, end)));
      else if (!message(decoded)) this.#isPaused = true;
      return;
    }
    if (first >> 4 === PUBACK) {
      const decoded = decodePuback(bytes, at, end, mqtt5);
      if (typeof decoded === 'string') {
        this.#breaks(bytes, at, decoded);
        return;
      }
      if (puback(decoded)) return;
    }
    other(Buffer.from(bytes.subarray(at, end)));
  }

  #breaks(bytes: Buffer, at: number, fault: string): number {
    this.#isBroken = true;
    this.#deps.broken(named(bytes[at] as number, fault));
    return 0;
  }
}
