/** What a replayed message that answers a probe tells of its topic. */

import type { RawFound } from '../../protocol/messages.ts';
import { rawPayload } from '../../protocol/payload.ts';
import { packProperties } from '../../protocol/properties.ts';
import type { Stamps } from '../../protocol/stamps.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import type { ProtocolVersion } from '../network/negotiation.ts';

/** @param stamps reads which replica wrote the message; without it the stamp is left out */
export function foundIn(
  packet: ReceivedMessage,
  protocolVersion: ProtocolVersion,
  stamps?: Pick<Stamps, 'read'>,
): RawFound {
  const { topic } = packet;
  const payload = packet.payload;
  const properties = packet.properties;
  const seconds = properties?.messageExpiryInterval;
  const packed = protocolVersion === 5 ? packProperties(properties) : undefined;
  const isStamped = properties !== undefined && packed !== undefined;
  return {
    payload: rawPayload(payload),
    properties: packed,
    stamp: isStamped ? stamps?.read(topic, payload, properties, packed).stamp : undefined,
    expiry: seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000,
  };
}
