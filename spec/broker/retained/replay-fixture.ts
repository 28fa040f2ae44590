/** What the specs of replays share: the control topics, and what a broker retains before. */

import { randomUUID } from 'node:crypto';
import { type BrokerCapabilities, UNTESTED } from '../../../lib/broker/capabilities/broker-capabilities.ts';
import { Sentinel } from '../../../lib/broker/retained/sentinel.ts';

export const MARKER = 'mqttrep/us/marker/spec';

/** Messages that the broker retains: more than brokers replay at a higher QoS. */
export const MANY = 3_000;

export const IN_ORDER: BrokerCapabilities = { ...UNTESTED, replayOrder: 'filter by filter' };

/** The topic of the sentinel that ends a replay. */
export const SENTINEL_TOPIC = 'mqttrep/us/replay/spec';

export const newSentinel = () => new Sentinel(SENTINEL_TOPIC, randomUUID());
