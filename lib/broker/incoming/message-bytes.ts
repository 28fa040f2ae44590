/** How much memory a message takes while it waits: its packet, and the objects that MQTT.js makes of it. */

import type { ReceivedMessage } from '../lane/received-message.ts';

/** Estimated bytes of a message beside its packet. */
const MESSAGE_OVERHEAD_BYTES = 64;

/**
 * Topic, properties and payload as they arrived. The length of the packet has no topic that arrived as an alias, and no
 * payload that was replaced by a stand-in.
 */
export function messageBytes({ topic, payload, length }: ReceivedMessage): number {
  const atLeast = topic.length + payload.length;
  return Math.max(length ?? Buffer.byteLength(topic) + payload.length, atLeast) + MESSAGE_OVERHEAD_BYTES;
}
