/**
 * What is known of the brokers of some providers, as `profile` in the options of a broker: the limits of one account, and a pace
 * that keeps within them. A profile is one entry here. What the user sets himself wins.
 *
 * Only the limits that a broker does not announce, or enforces by hanging up, are of use here. docs/recipes has a page for each.
 */

import type { QoS } from '../core/policy.ts';
import type { BrokerLimits } from './broker-limits.ts';

export type ProfileName = 'aws-iot' | 'event-grid' | 'hivemq-cloud';

export interface Profile {
  readonly values: BrokerLimits & { readonly maxQos?: QoS };
  /** Filters that one connection may be subscribed to. */
  readonly maxSubscriptions?: number;
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  /**
   * AWS General Reference, "AWS IoT Core endpoints and quotas": 8 filters in a SUBSCRIBE, 50 subscriptions a connection, 7
   * slashes and 256 bytes in a topic, a payload of 128 KB, 100 unacknowledged publishes, 100 publishes a second and 512 KB a
   * second on one connection, both directions together. No QoS 2 (AWS IoT Developer Guide, "MQTT").
   *
   * Each publish of mqttrep comes back to it, so its pace is below half of that.
   */
  'aws-iot': {
    values: {
      maxQos: 1,
      maxLevels: 8,
      maxTopicLength: 256,
      maxPacketSize: 128 * 1024,
      maxFilters: 8,
      maxInFlight: 100,
      maxRate: 45,
      maxBytesPerSecond: 240_000,
    },
    maxSubscriptions: 50,
  },
  /**
   * Microsoft Learn, "Azure Event Grid quotas and limits": 8 segments and 256 bytes in a topic, 1,000 messages and 1 MB a second
   * for a session, and for a throughput unit of the namespace, 64 KB in flight. "Support for MQTT Retain in Azure Event Grid":
   * a retained message has 64 KB at most, and counts as two operations. "MQTT features supported": no QoS 2.
   *
   * Other clients share the throughput unit. The number of filters and of publishes in flight is chosen with care: a message
   * is rarely larger than 4 KB, and the document names no number for one SUBSCRIBE.
   */
  'event-grid': {
    values: {
      maxQos: 1,
      maxLevels: 8,
      maxTopicLength: 256,
      maxPacketSize: 64 * 1024,
      maxFilters: 8,
      maxInFlight: 16,
      maxRate: 200,
      maxBytesPerSecond: 400_000,
    },
    maxSubscriptions: 50,
  },
  /**
   * HiveMQ documentation, "MQTT-specific configuration": a Server Receive Maximum of 10. HiveMQ Cloud plans: messages of 5 MB.
   * They name no rate; its overload protection slows down a client that publishes fast, and the pace keeps clear of it.
   */
  'hivemq-cloud': {
    values: {
      maxPacketSize: 5_000_000,
      maxInFlight: 10,
      maxRate: 200,
      maxBytesPerSecond: 1_000_000,
    },
  },
};

export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[];

/** What the profile decides: its values without those that the user has set. */
export function decidedBy(profile: ProfileName | undefined, given: object): Profile['values'] {
  if (profile === undefined) return {};
  return Object.fromEntries(Object.entries(PROFILES[profile].values).filter(([name]) => !(name in given)));
}
