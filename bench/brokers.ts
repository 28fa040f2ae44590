/** The brokers of a scenario: real mosquitto, each with the same settings. */

import { startMosquitto } from '../spec/support/mosquitto.ts';
import type { TestBroker } from '../spec/support/test-broker.ts';

/**
 * mosquitto keeps all that a subscriber is too slow for, and has much under way at once. Not `0`, without limit: its
 * bridge over MQTT 5 sends that as a Receive Maximum of 0, and is hung up on.
 */
export const GENEROUS = ['max_queued_messages 0', 'max_inflight_messages 1000'];
export const DEFAULTS: readonly string[] = [];

export function startBrokers(count: number, config: readonly string[] = []): Promise<TestBroker[]> {
  return Promise.all(Array.from({ length: count }, () => startMosquitto({ config })));
}

/** By name, as mqttrep is told: A, B, C… */
export function urlsOf(brokers: readonly { readonly url: string }[]): Record<string, string> {
  return Object.fromEntries(brokers.map(({ url }, index) => [String.fromCharCode(65 + index), url]));
}

export async function stopBrokers(brokers: readonly TestBroker[]): Promise<void> {
  await Promise.all(brokers.map(broker => broker.kill()));
}

/** The broker at that place. */
export function at<T>(brokers: readonly T[], index: number): T {
  const broker = brokers[index];
  if (broker === undefined) throw new RangeError(`there is no broker ${index}`);
  return broker;
}
