/**
 * What a broker can and cannot do, as far as it is known. The capability tests of this folder find it out at connect, and
 * each finding makes a new value. It lives as long as the actor, so that it outlives the connection that told it.
 *
 * Limits that publishing tells (size-limit.ts, level-limit.ts, subscribe-limit.ts) and the other facts that change with time
 * (second-connection.ts, sentinel-visibility.ts) have classes of their own beside this value.
 */

import type { QoS } from '../../core/policy.ts';
import type { ProtocolVersion } from '../network/negotiation.ts';
import type { LiveFlag } from './live-flag-test.ts';
import type { QosUpgrade } from './qos-upgrade-test.ts';
import type { ReplayOrder } from './replay-order-test.ts';

/**
 * Whether replayed messages have the retain flag. Mosca never sets it. The sentinel tells: it is a retained message that is
 * known to be replayed.
 */
export type ReplayFlag = 'set' | 'never set';

export interface BrokerCapabilities {
  /** Whether CONNECT may have the will of mqttrep. */
  readonly acceptsWill: boolean;
  /** The highest QoS that the will may have. */
  readonly willQos: QoS;
  /** Whether mqttrep may write control topics. */
  readonly acceptsControlTopics: boolean;
  /** Whether the broker accepts retained messages. */
  readonly retains: boolean;
  /** Whether the broker answers a SUBSCRIBE to the presence of other replicators. */
  readonly answersPresence: boolean;
  /** MQTT 3.1.1: the highest QoS to publish with, where the broker showed a limit. */
  readonly maxQos: QoS | undefined;
  /** How a subscription gets the wanted QoS; undefined until it was tested. */
  readonly qosUpgrade: QosUpgrade | undefined;
  /** In which order the broker replays the filters of one SUBSCRIBE; undefined until it was tested. */
  readonly replayOrder: ReplayOrder | undefined;
  /** As last seen; undefined until the broker showed a sentinel. */
  readonly replayFlag: ReplayFlag | undefined;
  /** Replays in a row that ended without the sentinel, though the broker had shown it before. */
  readonly lostSentinels: number;
  /** A broker that never sets the retain flag did not show the sentinel of a replay: there is nothing to wait for. */
  readonly hidesEnd: boolean;
  /** MQTT 5: what happens to the retain flag of live messages; undefined until it was tested. */
  readonly liveFlag: LiveFlag | undefined;
  /** MQTT 3.1.1: what happens to the retain flag of live messages of QoS 0. Those of QoS 1 and 2 lose it. */
  readonly liveFlagOfQos0: LiveFlag | undefined;
}

/** Before the first test: what MQTT requires, and nothing that it leaves open. */
export const UNTESTED: BrokerCapabilities = Object.freeze({
  acceptsWill: true,
  willQos: 2,
  acceptsControlTopics: true,
  retains: true,
  answersPresence: true,
  maxQos: undefined,
  qosUpgrade: undefined,
  replayOrder: undefined,
  replayFlag: undefined,
  lostSentinels: 0,
  hidesEnd: false,
  liveFlag: undefined,
  liveFlagOfQos0: undefined,
});

/** After this many lost sentinels in a row a replay ends by quiet. */
const MAX_LOST_SENTINELS = 2;

/** The broker shows the sentinel at the end of a replay, so it is worth waiting for. */
export function showsSentinel({ replayFlag, lostSentinels }: BrokerCapabilities): boolean {
  return replayFlag === 'set' && lostSentinels < MAX_LOST_SENTINELS;
}

/** A replayed message looks like a live one: nothing that the broker shows tells what it retains. */
export function isFlagless({ replayFlag }: BrokerCapabilities): boolean {
  return replayFlag === 'never set';
}

/** The worse case until it was tested. */
export function orderOf({ replayOrder }: BrokerCapabilities): ReplayOrder {
  return replayOrder ?? 'any';
}

/** MQTT 3.1.1 drops the flag. MQTT 5 keeps it, unless a test found otherwise. */
export function liveFlagOf({ liveFlag }: BrokerCapabilities, version: ProtocolVersion): LiveFlag {
  return version < 5 ? 'dropped' : (liveFlag ?? 'as published');
}

/** MQTT 3.1.1: live messages of QoS 0 keep the retain flag that they were published with. */
export function flagsLiveQos0({ liveFlagOfQos0 }: BrokerCapabilities, version: ProtocolVersion): boolean {
  return version < 5 && liveFlagOfQos0 === 'as published';
}

export function qosUpgradeOf(capabilities: BrokerCapabilities, version: ProtocolVersion): QosUpgrade {
  if (isFlagless(capabilities)) return 'not at all';
  const upgrade = capabilities.qosUpgrade ?? 'with the second';
  // Nothing would tell the replay of a second SUBSCRIBE from live messages.
  return upgrade === 'with the second' && flagsLiveQos0(capabilities, version) ? 'with the first' : upgrade;
}
