/** Decodes a PUBLISH and a PUBACK from the bytes of a complete packet. What is malformed is told in words that follow its name. */

import { TOO_SHORT } from './packet-faults.ts';
import { variableInteger } from './packet-format.ts';
import { DecodedMessage } from './received-message.ts';
import { checkProperties } from './received-properties.ts';
import type { TopicAliases } from './topic-aliases.ts';

export interface Puback {
  readonly id: number;
  /** 0 over MQTT 3.1.1. */
  readonly reason: number;
}

/** The reason codes of a PUBACK (MQTT 5 §3.4.2.1). */
const PUBACK_CODES: ReadonlySet<number> = new Set([0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]);

/** @param at the first byte of the packet */
export function decodePublish(
  bytes: Buffer,
  at: number,
  end: number,
  mqtt5: boolean,
  aliases: TopicAliases,
): DecodedMessage | string {
  const first = bytes[at] as number;
  const qos = (first >> 1) & 3;
  if (qos === 3) return 'of QoS 3';
  const header = endOfHeader(bytes, at);
  if (header + 2 > end) return TOO_SHORT;
  const topicAt = header + 2;
  const topicEnd = topicAt + (((bytes[header] as number) << 8) | (bytes[header + 1] as number));
  let body = topicEnd + (qos === 0 ? 0 : 2);
  if (body > end) return TOO_SHORT;
  const id = qos === 0 ? 0 : ((bytes[body - 2] as number) << 8) | (bytes[body - 1] as number);
  let payloadAt = body;
  let alias = 0;
  if (mqtt5) {
    if (body >= end) return TOO_SHORT;
    let length = bytes[body] as number;
    if (length < 0x80) body++;
    else {
      const integer = variableInteger(bytes, body, end);
      if (integer === undefined || (bytes[integer.end - 1] as number) >= 0x80) return TOO_SHORT;
      length = integer.value;
      body = integer.end;
    }
    payloadAt = body + length;
    if (payloadAt > end) return TOO_SHORT;
    if (length > 0) {
      const checked = checkProperties(bytes, body, payloadAt);
      if (checked.fault !== undefined) return checked.fault;
      alias = checked.alias;
    }
  }
  const named = bytes.toString('utf8', topicAt, topicEnd);
  const topic = alias === 0 ? named : aliases.resolve(named, alias);
  if (topic === undefined) return 'with a topic alias that the broker may not use, or has not introduced';
  return new DecodedMessage(topic, first, id, end - header, bytes, topicAt, topicEnd, body, payloadAt, end);
}

/** @param at the first byte of the packet */
export function decodePuback(bytes: Buffer, at: number, end: number, mqtt5: boolean): Puback | string {
  if (((bytes[at] as number) & 0xf) !== 0) return 'with flags that MQTT reserves';
  const header = endOfHeader(bytes, at);
  if (header + 2 > end) return TOO_SHORT;
  const id = ((bytes[header] as number) << 8) | (bytes[header + 1] as number);
  if (!mqtt5 || header + 2 === end) return { id, reason: 0 };
  const reason = bytes[header + 2] as number;
  if (!PUBACK_CODES.has(reason)) return `with the reason code ${reason}, which it cannot have`;
  if (header + 3 < end) {
    const length = variableInteger(bytes, header + 3, end);
    if (length === undefined || (bytes[length.end - 1] as number) >= 0x80) return TOO_SHORT;
    if (length.end + length.value > end) return TOO_SHORT;
    const { fault } = checkProperties(bytes, length.end, length.end + length.value);
    if (fault !== undefined) return fault;
  }
  return { id, reason };
}

function endOfHeader(bytes: Buffer, at: number): number {
  let end = at + 1;
  while ((bytes[end++] as number) >= 0x80);
  return end;
}
