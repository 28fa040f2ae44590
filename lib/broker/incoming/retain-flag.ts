/**
 * What the retain flag of a message means, by what the broker does with it: a strategy for each case, chosen once for a
 * session (`retainFlagReader`).
 */

import {
  type BrokerCapabilities,
  flagsLiveQos0,
  isFlagless,
  liveFlagOf,
} from '../capabilities/broker-capabilities.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import type { ProtocolVersion } from '../network/negotiation.ts';

export interface RetainFlagReader {
  /** Live messages keep the flag that they were published with. */
  readonly keepsPublishedFlag: boolean;
  /** Whether the broker retains the message; undefined where the message does not tell. */
  retained(packet: ReceivedMessage): boolean | undefined;
  /** Whether the message is a replay of what is known already: it is older than another message, or than the replay. */
  isLateReplay(packet: ReceivedMessage): boolean;
}

/** The broker keeps the flag as it was published. */
export const PUBLISHED_FLAG: RetainFlagReader = {
  keepsPublishedFlag: true,
  retained: ({ retain }) => retain,
  isLateReplay: () => false,
};

/** A flag that is set tells that the message is retained; a missing flag tells nothing. */
const flagIfSet = ({ retain }: ReceivedMessage) => (retain ? true : undefined);

/**
 * The broker drops the flag of live messages, and replays. A message with the flag is replayed. If its topic was delivered
 * live before, the replayed message is older: some brokers read their retained messages while they deliver.
 *
 * At a broker that never sets the flag, the subscription has QoS 0. Live messages have QoS 0 too. Replayed messages have the QoS
 * of their publish.
 */
function duringReplay(isReplayed: (packet: ReceivedMessage) => boolean): RetainFlagReader {
  const live = new Set<string>();
  return {
    keepsPublishedFlag: false,
    retained: flagIfSet,
    isLateReplay: packet => {
      if (isReplayed(packet)) return live.has(packet.topic);
      live.add(packet.topic);
      return false;
    },
  };
}

/**
 * The broker drops the flag of live messages, and has replayed. Over MQTT 3.1.1 a second SUBSCRIBE, for a higher QoS, replays
 * once more: what is shown then is known. Over MQTT 5 the broker replays nothing again. A filter without wildcards may
 * keep the flag of live messages. Over MQTT 3.1.1 a broker may keep the flag of live messages of QoS 0.
 */
function afterReplay(mayBeLive: (packet: ReceivedMessage) => boolean): RetainFlagReader {
  return {
    keepsPublishedFlag: false,
    retained: flagIfSet,
    isLateReplay: packet => packet.retain && !mayBeLive(packet),
  };
}

/** Over MQTT 3.1.1, before anything is known of the broker. */
export const DROPPED_FLAG: RetainFlagReader = afterReplay(() => false);

export function retainFlagReader(
  capabilities: BrokerCapabilities,
  version: ProtocolVersion,
  phase: 'replay' | 'live',
): RetainFlagReader {
  if (liveFlagOf(capabilities, version) === 'as published') return PUBLISHED_FLAG;
  if (phase === 'replay') {
    return isFlagless(capabilities)
      ? duringReplay(({ retain, qos }) => retain || qos > 0)
      : duringReplay(({ retain }) => retain);
  }
  if (version === 5) return afterReplay(() => true);
  return flagsLiveQos0(capabilities, version) ? afterReplay(({ qos }) => qos === 0) : DROPPED_FLAG;
}
