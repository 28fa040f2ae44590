/** PUBLISH packets as bytes, also with properties that no well-behaved client sends. */

import { headerOf, variable } from './packet-bytes.ts';

/** Kinds of properties (MQTT 5 §2.2.2.2). */
export const CONTENT_TYPE = 0x03;
export const MESSAGE_EXPIRY = 0x02;
export const USER_PROPERTY = 0x26;

export interface PublishBytes {
  readonly topic: string | Buffer;
  readonly payload?: string | Buffer;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly id?: number;
  /** Undefined over MQTT 3.1.1. */
  readonly properties?: Buffer | undefined;
}

export function publishBytes(publish: PublishBytes): Buffer {
  const { topic, payload = 'x', qos = 0, retain = false, id = 1, properties } = publish;
  const section = properties === undefined ? [] : [numberOf(properties.length), properties];
  const body = [text(topic), qos === 0 ? Buffer.alloc(0) : short(id), ...section, Buffer.from(payload)];
  return packetOf(0x30 | (qos << 1) | (retain ? 1 : 0), Buffer.concat(body));
}

/** A packet with that first byte. */
export function packetOf(first: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([first]), numberOf(body.length), body]);
}

/** Adds properties to a PUBLISH of MQTT 5. */
export function withMoreProperties(packet: Buffer, more: Buffer): Buffer {
  const start = headerOf(packet);
  const hasId = (packet.readUInt8(0) & 0b110) !== 0;
  const at = start + 2 + packet.readUInt16BE(start) + (hasId ? 2 : 0);
  const section = variable(packet, at);
  if (section === undefined) throw new RangeError('the PUBLISH has no properties');
  const own = packet.subarray(section.end, section.end + section.value);
  const rest = packet.subarray(section.end + section.value);
  const length = numberOf(own.length + more.length);
  return packetOf(packet.readUInt8(0), Buffer.concat([packet.subarray(start, at), length, own, more, rest]));
}

export function topicOf(publish: Buffer): string {
  const start = headerOf(publish);
  return publish.toString('utf8', start + 2, start + 2 + publish.readUInt16BE(start));
}

export function textProperty(kind: number, value: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from([kind]), text(value)]);
}

export function userProperty(name: string | Buffer, value: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from([USER_PROPERTY]), text(name), text(value)]);
}

export function expiryProperty(seconds: number): Buffer {
  const property = Buffer.from([MESSAGE_EXPIRY, 0, 0, 0, 0]);
  property.writeUInt32BE(seconds, 1);
  return property;
}

export function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([short(bytes.length), bytes]);
}

export function short(value: number): Buffer {
  return Buffer.from([(value >> 8) & 0xff, value & 0xff]);
}

/** A variable byte integer (MQTT 5 §1.5.5): one to four bytes of seven bits each. */
export function numberOf(value: number): Buffer {
  const digits: number[] = [];
  for (let left = value; digits.length === 0 || left > 0; left = Math.floor(left / 128)) {
    digits.push((left % 128) | (left >= 128 ? 0x80 : 0));
  }
  return Buffer.from(digits);
}
