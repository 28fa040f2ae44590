/** How much mqttrep takes in at most, unless configured. */

import type { Bounds } from '../protocol/settings.ts';

export const DEFAULT_BOUNDS: Bounds = {
  payload: 4 * 1024 * 1024,
  topics: 1_000_000,
  memory: undefined,
  /** No topic of MQTT is longer. */
  topicLength: 65_535,
  /** mosquitto hangs up on who publishes to a deeper one. */
  levels: 200,
};

/** What may be configured: MQTT has no larger packet, and a Map of JavaScript not many more entries. */
export const LARGEST_BOUNDS: Readonly<Record<keyof Bounds, number>> = {
  payload: 268_435_455,
  topics: 10_000_000,
  memory: 2 ** 40,
  topicLength: 65_535,
  levels: 65_535,
};

/** Bytes of memory that may be configured at least: less would hold no ordinary broker's topics. */
export const LEAST_MEMORY = 2 ** 20;
