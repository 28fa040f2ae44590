/** The size of a packet in bytes, known before it is sent (§3.3 and §3.8 of MQTT 3.1.1 and of MQTT 5). */

import type { QoS } from '../../core/policy.ts';
import type { MessageProperties, SentProperties, UserProperties } from '../../protocol/properties.ts';

export interface Publish {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  /** Undefined over MQTT 3.1.1. */
  readonly properties: MessageProperties | SentProperties | undefined;
}

export function packetSize({ topic, payload, qos, properties }: Publish): number {
  const packetId = qos === 0 ? 0 : 2;
  let remaining = text(topic) + packetId + payload.length;
  if (properties !== undefined) {
    const size = propertiesSize(properties);
    remaining += variableInteger(size) + size;
  }
  return 1 + variableInteger(remaining) + remaining;
}

/** Why a packet of this size is not sent; undefined if the broker accepts it. */
export function tooLarge(size: number, maximumPacketSize: number): string | undefined {
  return size <= maximumPacketSize
    ? undefined
    : `its packet has ${size} bytes, more than the ${maximumPacketSize} that the broker accepts`;
}

/** Most bytes of a SUBSCRIBE or UNSUBSCRIBE beside its filters: fixed header, packet identifier, length of no properties. */
export const SUBSCRIBE_OVERHEAD_BYTES = 8;

/** Bytes of one filter in a SUBSCRIBE: its length, its text, its options. In an UNSUBSCRIBE it has one byte less. */
export function filterSize(filter: string): number {
  return text(filter) + 1;
}

/** Each property has one byte for its kind, and its value. */
function propertiesSize(properties: MessageProperties | SentProperties): number {
  let size = 0;
  if (properties.payloadFormatIndicator !== undefined) size += 2;
  if (properties.messageExpiryInterval !== undefined) size += 5;
  if (properties.contentType !== undefined) size += 1 + text(properties.contentType);
  if (properties.responseTopic !== undefined) size += 1 + text(properties.responseTopic);
  if (properties.correlationData !== undefined) size += 3 + properties.correlationData.length;
  const user: UserProperties | readonly UserProperties[] = properties.userProperties ?? {};
  for (const some of Array.isArray(user) ? user : [user]) size += userSize(some);
  return size;
}

function userSize(properties: UserProperties): number {
  let size = 0;
  for (const [name, values] of Object.entries(properties)) {
    for (const value of Array.isArray(values) ? values : [values]) size += 1 + text(name) + text(value);
  }
  return size;
}

function text(value: string): number {
  return 2 + Buffer.byteLength(value);
}

/** Bytes of a variable byte integer: seven bits a byte. */
function variableInteger(value: number): number {
  if (value < 2 ** 7) return 1;
  if (value < 2 ** 14) return 2;
  return value < 2 ** 21 ? 3 : 4;
}
