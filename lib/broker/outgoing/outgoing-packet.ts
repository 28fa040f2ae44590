/** The packet of a publication, within the limits of a connection. */

import type { IClientPublishOptions } from 'mqtt';
import type { QoS } from '../../core/policy.ts';
import type { MessageProperties } from '../../protocol/properties.ts';
import type { RawPublication } from '../../protocol/publication.ts';
import type { Stamps } from '../../protocol/stamps.ts';
import { packetSize, tooLarge } from '../connection/packet-size.ts';
import type { PublishFailure } from './hangups.ts';
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
  /** Why it is not sent; undefined if it is in order. */
  readonly fault: string | undefined;
}

export function packetOf(publication: RawPublication, limits: PacketLimits): OutgoingPacket {
  const { topic, payload } = publication;
  const qos = Math.min(publication.qos, limits.maxQos) as QoS;
  const retain = publication.retain && limits.retains;
  const { properties, fault } = prepared(publication, limits.protocolVersion < 5 ? undefined : limits.stamps);
  // MQTT.js also writes lists of user properties, though its types do not have them.
  const options = { qos, retain, ...(properties && { properties: properties as MessageProperties }) };
  const size = fault === undefined ? packetSize({ topic, payload, qos, properties }) : 0;
  return { qos, retain, size, options, fault };
}

/** The broker is to retain nothing under the topic. */
export function isDeletion({ payload, retain }: RawPublication): boolean {
  return retain && payload.length === 0;
}

/** Why a deletion is not sent that changes nothing at the broker: the topic stays different there until another value comes. */
export const VAIN_DELETION = {
  reason:
    'it keeps a retained message although an empty one follows (`acceptsDeletions`), so the deletion is not sent',
  scope: 'value',
  isLogged: false,
  counter: 'refused_by_topic',
} as const;

/** Why a packet is not sent; undefined if it is sent. The broker may accept the next value of the topic. */
export function failureOfPacket(
  { fault, size }: OutgoingPacket,
  maximumPacketSize: number,
): (PublishFailure & { readonly counter: 'refused_malformed' | 'refused_too_large' }) | undefined {
  if (fault !== undefined) return { ...malformed(fault), counter: 'refused_malformed' };
  const reason = tooLarge(size, maximumPacketSize);
  if (reason === undefined) return undefined;
  return { reason, scope: 'value', isLogged: false, counter: 'refused_too_large' };
}

export function malformed(fault: string): PublishFailure {
  return { reason: `${fault}; this value is not sent`, scope: 'value' };
}
