/** What goes on the wire for a publication, as the limits of a connection want it. */

import type { IClientPublishOptions } from 'mqtt';
import type { QoS } from '../../core/policy.ts';
import type { MessageProperties } from '../../protocol/properties.ts';
import type { RawPublication } from '../../protocol/publication.ts';
import type { Stamps } from '../../protocol/stamps.ts';
import { packetSize } from '../connection/packet-size.ts';
import { prepared } from './prepared.ts';

export interface PacketLimits {
  readonly protocolVersion: number;
  readonly maxQos: QoS;
  readonly retains: boolean;
  /** Stamps the message, over MQTT 5. */
  readonly stamps: Pick<Stamps, 'sender'>;
}

export interface OutgoingPacket {
  readonly qos: QoS;
  readonly retain: boolean;
  /** Bytes. */
  readonly size: number;
  readonly options: IClientPublishOptions;
  /** Why it is not sent; undefined where it is in order. */
  readonly fault: string | undefined;
}

export function packetOf(publication: RawPublication, limits: PacketLimits): OutgoingPacket {
  const { topic, payload } = publication;
  const qos = Math.min(publication.qos, limits.maxQos) as QoS;
  const retain = publication.retain && limits.retains;
  const { properties, fault } = prepared(publication, limits.protocolVersion < 5 ? undefined : limits.stamps);
  // MQTT.js writes lists of user properties as well, though its types have none.
  const options = { qos, retain, ...(properties && { properties: properties as MessageProperties }) };
  const size = fault === undefined ? packetSize({ topic, payload, qos, properties }) : 0;
  return { qos, retain, size, options, fault };
}
