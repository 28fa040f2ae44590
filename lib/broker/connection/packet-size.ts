/** How large packets are on the wire, in bytes (MQTT 3.1.1 §3.3 and §3.8, MQTT 5 the same), to be known before they are sent. */

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

/** Of a SUBSCRIBE or UNSUBSCRIBE besides its filters, at most: fixed header, packet identifier, length of no properties. */
export const SUBSCRIBE_OVERHEAD_BYTES = 8;

/** Of one filter in a SUBSCRIBE: its length, itself, its options; an UNSUBSCRIBE takes a byte less. */
export function filterSize(filter: string): number {
  return text(filter) + 1;
}

/** Each property is one byte for its kind, and its value. */
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

/** Seven bits a byte. */
function variableInteger(value: number): number {
  if (value < 2 ** 7) return 1;
  if (value < 2 ** 14) return 2;
  return value < 2 ** 21 ? 3 : 4;
}
