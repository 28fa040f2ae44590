/**
 * What a broker allows on one connection, as its CONNACK tells (MQTT 5, §3.2.2.3). The CONNACK of MQTT 3.1.1 has no
 * properties, so everything counts as allowed until a capability test finds otherwise.
 *
 * MQTT.js obeys the Server Keep Alive. Topic aliases and subscription identifiers are not used.
 */

import type { IConnackPacket } from 'mqtt';
import type { QoS } from '../../core/policy.ts';

export interface Limits {
  readonly maxQos: QoS;
  /** Whether the broker supports retained messages. */
  readonly retains: boolean;
  readonly wildcards: boolean;
  /** Publishes of QoS 1 and 2 in flight at once. */
  readonly receiveMaximum: number;
  /** Bytes of the largest packet; Infinity where the broker names none. */
  readonly maximumPacketSize: number;
}

/** What MQTT allows where the CONNACK names no limit. */
const UNLIMITED: Omit<Limits, 'maxQos'> = {
  retains: true,
  wildcards: true,
  receiveMaximum: 65_535,
  maximumPacketSize: Number.POSITIVE_INFINITY,
};

/** As configured; the broker may support less. */
export interface ConfiguredLimits {
  readonly maxQos: QoS;
  /** Bytes; without a limit unless given. */
  readonly maxPacketSize?: number;
  readonly maxInFlight?: number;
}

export function limitsOf(
  { properties = {} }: Pick<IConnackPacket, 'properties'>,
  {
    maxQos,
    maxPacketSize = Number.POSITIVE_INFINITY,
    maxInFlight = UNLIMITED.receiveMaximum,
  }: ConfiguredLimits,
): Limits {
  const { maximumQoS, receiveMaximum, maximumPacketSize } = properties;
  return {
    maxQos: Math.min(maximumQoS ?? maxQos, maxQos) as QoS,
    retains: properties.retainAvailable ?? UNLIMITED.retains,
    wildcards: properties.wildcardSubscriptionAvailable ?? UNLIMITED.wildcards,
    receiveMaximum: Math.min(receiveMaximum ?? UNLIMITED.receiveMaximum, maxInFlight),
    maximumPacketSize: Math.min(maximumPacketSize ?? UNLIMITED.maximumPacketSize, maxPacketSize),
  };
}
