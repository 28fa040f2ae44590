/**
 * What a broker allows on one connection, as its CONNACK says (MQTT 5, §3.2.2.3). An MQTT 3.1.1 broker says
 * nothing, so there all counts as allowed until it is seen not to be.
 *
 * The keep-alive that a broker asks for is MQTT.js's affair; topic aliases and subscription identifiers are
 * not used.
 */

import type { IConnackPacket } from 'mqtt';
import type { QoS } from '../../core/policy.ts';

export interface Limits {
  readonly maxQos: QoS;
  /** Whether it keeps retained messages, and bears with those who publish them. */
  readonly retains: boolean;
  readonly wildcards: boolean;
  /** Publishes of QoS 1 and 2 under way at once. */
  readonly receiveMaximum: number;
  /** Bytes of the largest packet; Infinity where the broker names none. */
  readonly maximumPacketSize: number;
}

/** What MQTT allows where the broker does not say. */
const UNLIMITED: Omit<Limits, 'maxQos'> = {
  retains: true,
  wildcards: true,
  receiveMaximum: 65_535,
  maximumPacketSize: Number.POSITIVE_INFINITY,
};

/** @param maxQos as configured; the broker may take less */
export function limitsOf({ properties = {} }: Pick<IConnackPacket, 'properties'>, maxQos: QoS): Limits {
  const { maximumQoS, receiveMaximum, maximumPacketSize } = properties;
  return {
    maxQos: Math.min(maximumQoS ?? maxQos, maxQos) as QoS,
    retains: properties.retainAvailable ?? UNLIMITED.retains,
    wildcards: properties.wildcardSubscriptionAvailable ?? UNLIMITED.wildcards,
    receiveMaximum: receiveMaximum ?? UNLIMITED.receiveMaximum,
    maximumPacketSize: maximumPacketSize ?? UNLIMITED.maximumPacketSize,
  };
}
