/** The brokers of a scenario: real mosquitto brokers with equal settings. */

import { startMosquitto } from '../spec/support/mosquitto.ts';
import type { TestBroker } from '../spec/support/test-broker.ts';

/**
 * mosquitto queues everything that a slow subscriber has not taken, and has many messages in flight. The number in
 * flight is not unlimited (`0`), because mosquitto's bridge over MQTT 5 would send that as a Receive Maximum of 0, and be
 * disconnected.
 */
export const GENEROUS = ['max_queued_messages 0', 'max_inflight_messages 1000'];
export const DEFAULTS: readonly string[] = [];

export function startBrokers(count: number, config: readonly string[] = []): Promise<TestBroker[]> {
  return Promise.all(Array.from({ length: count }, () => startMosquitto({ config })));
}

/** The URLs by name, as mqttrep needs them: A, B, C… */
export function urlsOf(brokers: readonly { readonly url: string }[]): Record<string, string> {
  return Object.fromEntries(brokers.map(({ url }, index) => [String.fromCharCode(65 + index), url]));
}

export async function stopBrokers(brokers: readonly TestBroker[]): Promise<void> {
  await Promise.all(brokers.map(broker => broker.kill()));
}

/** The element at the given index. @throws if there is none */
export function at<T>(brokers: readonly T[], index: number): T {
  const broker = brokers[index];
  if (broker === undefined) throw new RangeError(`there is no broker ${index}`);
  return broker;
}
