/** What a retained message that a probe was shown says of its topic. */

import type { IPublishPacket } from 'mqtt';
import type { Found } from '../../core/events.ts';
import { fromBuffer } from '../../protocol/bytes.ts';
import { type MessageProperties, packProperties, readStamp } from '../../protocol/properties.ts';
import type { ProtocolVersion } from '../connection/negotiation.ts';

export function foundIn(packet: IPublishPacket, protocolVersion: ProtocolVersion): Found {
  const properties = packet.properties as MessageProperties | undefined;
  const seconds = properties?.messageExpiryInterval;
  return {
    payload: fromBuffer(packet.payload as Buffer),
    properties: protocolVersion === 5 ? packProperties(properties) : undefined,
    stamp: readStamp(properties)?.version,
    expiry: seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000,
  };
}
