/** What is known of the limits of a broker, for people: as its CONNACK says, as configured, and as the tests found. */

import type { BrokerLimits } from '../protocol/answers.ts';
import type { BrokerSettings } from '../protocol/settings.ts';
import type { BrokerCapabilities } from './capabilities/broker-capabilities.ts';
import type { Limits } from './connection/limits.ts';
import type { ProtocolVersion } from './network/negotiation.ts';

const VERSIONS: Readonly<Record<ProtocolVersion, string>> = { 3: '3.1', 4: '3.1.1', 5: '5' };

/** MQTT 5 has no higher one: a CONNACK that names none allows so many. */
const MAX_RECEIVE_MAXIMUM = 65_535;

export interface FoundLimits {
  readonly settings: Pick<BrokerSettings, 'maxQos' | 'maxLevels' | 'maxTopicLength'>;
  /** The last connection; undefined before the first one. */
  readonly connection:
    | { readonly limits: Limits; readonly protocolVersion: ProtocolVersion; readonly hasEnded: boolean }
    | undefined;
  readonly capabilities: BrokerCapabilities;
  /** Learned from what the broker hung up on; `filters` is also limited by the configuration. Infinity where nothing is known. */
  readonly learned: {
    readonly levels: number;
    readonly packetBytes: number;
    readonly filters: number;
  };
  readonly acceptsSecondConnection: boolean;
}

export function limitsTold(found: FoundLimits): BrokerLimits {
  const { settings, connection, capabilities, learned, acceptsSecondConnection } = found;
  const { limits, protocolVersion } = connection ?? {};
  const maxQos = Math.min(limits?.maxQos ?? settings.maxQos, capabilities.maxQos ?? 2);
  const receiveMaximum = limits?.receiveMaximum ?? MAX_RECEIVE_MAXIMUM;
  return {
    isConnected: connection !== undefined && !connection.hasEnded,
    protocol: protocolVersion === undefined ? null : VERSIONS[protocolVersion],
    maxQos: maxQos < 2 ? maxQos : null,
    retains: (limits?.retains ?? true) && capabilities.retains,
    receiveMaximum: receiveMaximum < MAX_RECEIVE_MAXIMUM ? receiveMaximum : null,
    maximumPacketSize: finite(
      Math.min(limits?.maximumPacketSize ?? Number.POSITIVE_INFINITY, learned.packetBytes),
    ),
    maxLevels: finite(Math.min(settings.maxLevels, learned.levels)),
    maxTopicLength: finite(settings.maxTopicLength),
    maxFilters: finite(learned.filters),
    acceptsWill: capabilities.acceptsWill,
    acceptsControlTopics: capabilities.acceptsControlTopics,
    acceptsSecondConnection,
  };
}

function finite(limit: number): number | null {
  return Number.isFinite(limit) ? limit : null;
}
