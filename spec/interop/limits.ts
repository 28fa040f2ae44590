/** What a broker can and cannot do, as its own clients learn it: nothing here is known by the name of a make. */

import type { QoS } from '../support/client.ts';
import type { Protocol } from './makes/make.ts';

export const VERSION_NAMES: Readonly<Record<Protocol, string>> = {
  3: 'MQTT 3.1',
  4: 'MQTT 3.1.1',
  5: 'MQTT 5',
};

/** How a broker answers a CONNECT of a version of MQTT. */
export type Answer =
  | 'accepts'
  /** It accepts, and then answers a message with user properties with what that version does not know. */
  | 'breaks the protocol'
  | 'hangs up'
  | 'is silent'
  | `refuses with code ${string}`;

/** What the CONNACK of MQTT 5 says; what it leaves out has no limit. */
export interface Announced {
  readonly maximumQoS?: number;
  readonly retainAvailable?: boolean;
  readonly receiveMaximum?: number;
  readonly maximumPacketSize?: number;
  readonly wildcardSubscriptionAvailable?: boolean;
  readonly subscriptionIdentifiersAvailable?: boolean;
}

export interface Limits {
  readonly versions: Readonly<Record<Protocol, Answer>>;
  readonly announced: Announced;
  /** The highest QoS that it grants a subscription, and completes for a publication. */
  readonly maxQos: QoS;
  /** A message is delivered with the QoS that it was published with, where the subscription has a higher one. */
  readonly keepsQos: boolean;
  /** A subscription to the same filter with another QoS replaces the one before it; if not, messages come by both. */
  readonly replacesSubscriptions: boolean;
  /** A new subscriber is sent what was published retained, by the exact topic. */
  readonly retains: boolean;
  /** Also what was published with QoS 0. */
  readonly retainsQos0: boolean;
  /** Also to a subscription of QoS 1 with the retain flag, without which it looks like a new message. */
  readonly flagsReplays: boolean;
  /** What is retained under the filters of one SUBSCRIBE is sent filter by filter, from either end. */
  readonly replaysInOrder: boolean;
  /** An empty retained message removes what is retained. */
  readonly deletes: boolean;
  /** Of MANY retained messages, so many are sent to a new subscriber of a wildcard that fits all. */
  readonly replayed: number;
  /** It does not hang up on a subscriber to whom it has MANY retained messages to send. */
  readonly standsMany: boolean;
  /** Bytes of the largest payload, of those tried, that is carried and retained. */
  readonly largestPayload: number;
  /** Topics, of those tried, that it does not carry. */
  readonly unfitTopics: readonly string[];
  /**
   * Live messages to a wildcard subscription bear the retain flag that they were published with, where that is asked
   * for. Undefined where it does not speak MQTT 5.
   */
  readonly keepsFlags: boolean | undefined;
  /** User properties reach a subscriber. Undefined where it does not speak MQTT 5. */
  readonly properties: boolean | undefined;
  /** Of RACED_TOPICS topics that two clients write at once, so many end with another value than was delivered last. */
  readonly disordered: number;
  /** What is retained outlives an orderly restart. Undefined where it cannot be restarted by the suite. */
  readonly keeps?: boolean;
}

/** How many retained messages are written to learn how many a wildcard subscription replays. */
export const MANY = 1500;

/** As many as are used instead where a broker does not stand MANY. */
export const FEWER = 500;

/** No more than may be in flight at once: the Receive Maximum of HiveMQ is 10. */
export const RACED_TOPICS = 8;

/** The payloads tried, in bytes, largest first. */
export const PAYLOADS: readonly number[] = [1024 * 1024, 250_000, 60_000, 16_000, 4000];

/** Ends of topics that are written as MQTT allows them, and that brokers stumble over nevertheless. */
export const TOPICS: readonly string[] = [
  'québec/température',
  '温度/部屋',
  'تجربة/א',
  '🦆/confit',
  'e\u0301/é',
  'with blank',
  'with.dot',
  'empty//level',
  'ends/',
  '*/>',
  '"quotes" & <tags>',
  // With its prefix, of twelve levels and more.
  'twelve/levels/of/a/topic/that/is/as/deep/as/some/are',
];

/** The limits in words, for the table; nothing where the broker does all that MQTT promises. */
export function inWords(limits: Limits): string[] {
  const { versions, maxQos, retains, deletes, replayed, largestPayload, unfitTopics } = limits;
  const found: string[] = [];
  if (versions[5] !== 'accepts') found.push(`${versions[5]} at MQTT 5`);
  if (versions[3] !== 'accepts') found.push(`${versions[3]} at MQTT 3.1`);
  if (maxQos < 2) found.push(`QoS ${maxQos} at most`);
  if (!limits.keepsQos)
    found.push('delivers with the QoS of the subscription, also what was published with a lower one');
  if (!limits.replacesSubscriptions)
    found.push('delivers twice where a filter was subscribed to with one QoS and then with another');
  if (!retains) found.push('shows nothing as retained');
  else if (!deletes) found.push('an empty retained message deletes nothing');
  if (retains && !limits.retainsQos0) found.push('does not retain what is published with QoS 0');
  if (retains && !limits.flagsReplays) found.push('replays to a subscription of QoS 1 lack the retain flag');
  if (retains && !limits.replaysInOrder) found.push('replays the filters of a SUBSCRIBE in any order');
  if (retains && replayed === 0) found.push('sends nothing retained to wildcard subscriptions');
  else if (retains && replayed < MANY)
    found.push(`replays ${replayed} of ${MANY} to a wildcard subscription`);
  if (!limits.standsMany)
    found.push(`hangs up on who subscribes to ${MANY} retained messages; ${FEWER} were used`);
  if (retains && largestPayload < (PAYLOADS[0] ?? 0)) {
    found.push(`payloads of ${largestPayload} bytes, but none of ${nextLarger(largestPayload)}`);
  }
  if (unfitTopics.length > 0)
    found.push(`topics not carried: ${unfitTopics.map(t => `\`${t}\``).join(', ')}`);
  if (limits.keepsFlags === false)
    found.push('live messages to wildcard subscriptions lack the retain flag, though it is asked for');
  if (limits.properties === false) found.push('drops user properties');
  if (limits.disordered > 0)
    found.push(
      `retains another value than it delivered last, in ${limits.disordered} of ${RACED_TOPICS} topics that two clients write at once`,
    );
  if (limits.keeps === false) found.push('retained messages do not outlive a restart');
  return [...found, ...announcedInWords(limits.announced)];
}

function nextLarger(bytes: number): number | undefined {
  return PAYLOADS.findLast(tried => tried > bytes);
}

function announcedInWords(announced: Announced): string[] {
  const found: string[] = [];
  const { receiveMaximum, maximumPacketSize, retainAvailable, wildcardSubscriptionAvailable } = announced;
  if (receiveMaximum !== undefined) found.push(`Receive Maximum ${receiveMaximum}`);
  if (maximumPacketSize !== undefined) found.push(`Maximum Packet Size ${maximumPacketSize}`);
  if (retainAvailable === false) found.push('says that it retains nothing');
  if (wildcardSubscriptionAvailable === false) found.push('says that it takes no wildcards');
  return found;
}
