/** The brokers of a scenario: real mosquitto, each with the same settings. */

import { setTimeout as wait } from 'node:timers/promises';
import { TestClient } from '../spec/support/client.ts';
import { differingTopics } from '../spec/support/equal.ts';
import { startMosquitto } from '../spec/support/mosquitto.ts';
import { retainedOf } from '../spec/support/retained-of.ts';
import type { TestBroker } from '../spec/support/test-broker.ts';
import { ROOT } from './message.ts';

const DROPPED = '$SYS/broker/publish/messages/dropped';

/** Seconds between two of mosquitto's own counts. */
const SYS_INTERVAL = 1;

/** mosquitto's limits of what it keeps for one subscriber, lifted. */
export const UNLIMITED_QUEUE = ['max_queued_messages 0'];
export const UNLIMITED_INFLIGHT = ['max_inflight_messages 0'];

export function startBrokers(count: number, config: readonly string[] = []): Promise<TestBroker[]> {
  const options = { config: [`sys_interval ${SYS_INTERVAL}`, ...config] };
  return Promise.all(Array.from({ length: count }, () => startMosquitto(options)));
}

/** By name, as mqttrep is told: A, B, C… */
export function urlsOf(brokers: readonly { readonly url: string }[]): Record<string, string> {
  return Object.fromEntries(brokers.map(({ url }, index) => [String.fromCharCode(65 + index), url]));
}

/**
 * Counts the messages that a broker did not deliver because a subscriber was too slow for it. Watched from the
 * start, since mosquitto forgets after a minute what it said of itself.
 */
export class DropCount {
  readonly #client: TestClient;

  static async at({ url }: TestBroker): Promise<DropCount> {
    const client = await TestClient.connect(url);
    await client.subscribe(DROPPED, { qos: 0 });
    return new DropCount(client);
  }

  private constructor(client: TestClient) {
    this.#client = client;
  }

  /** The count after the next interval; ends the watching. */
  async end(): Promise<number> {
    await wait((SYS_INTERVAL + 1) * 1000);
    await this.#client.end();
    return Number(this.#client.messages.at(-1)?.payload);
  }
}

/** How many topics are not held alike by all. */
export async function differing(brokers: readonly TestBroker[]): Promise<number> {
  const retained = await Promise.all(brokers.map(({ url }) => retainedOf(url, `${ROOT}/#`)));
  return differingTopics(retained).length;
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
