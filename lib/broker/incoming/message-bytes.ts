/** What a message takes while it waits: its packet, and what MQTT.js makes of it. */

import type { IPublishPacket } from 'mqtt';

/** Bytes of a message besides its packet, about. */
const MESSAGE_BYTES = 64;

/**
 * Topic, properties and payload as they came from the network. A topic that came as an alias is not in the packet, nor is
 * a payload of which a stand-in came.
 */
export function messageBytes({ topic, payload, length }: IPublishPacket): number {
  const atLeast = topic.length + payload.length;
  return Math.max(length ?? Buffer.byteLength(topic) + payload.length, atLeast) + MESSAGE_BYTES;
}
