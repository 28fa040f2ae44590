/** The makes of brokers that the specs of this folder run against. */

import { setTimeout as wait } from 'node:timers/promises';
import type { ReplayOrder } from '../../lib/broker/capabilities/replay-order-test.ts';
import { startAedes } from '../support/aedes-broker.ts';
import { TestClient } from '../support/client.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import type { TestBroker } from '../support/test-broker.ts';

export interface Make {
  readonly make: string;
  readonly protocolVersion: 4 | 5;
  /** In which order it replays; default `filter by filter`. */
  readonly order?: ReplayOrder;
  /** Skips the test if the make is not installed. */
  readonly start: (context: Mocha.Context) => Promise<TestBroker>;
}

export const MAKES: readonly Make[] = [
  { make: 'mosquitto, MQTT 5', protocolVersion: 5, start: mosquitto },
  { make: 'mosquitto, MQTT 3.1.1', protocolVersion: 4, start: mosquitto },
  { make: 'Aedes', protocolVersion: 4, start: () => startAedes() },
];

/** For specs of replays. */
export const REPLAYING_MAKES: readonly Make[] = [
  ...MAKES,
  {
    make: 'a broker that replays last to first',
    protocolVersion: 4,
    start: () => startAedes({ replayOrder: 'last to first' }),
  },
  {
    make: 'a broker that replays in any order',
    protocolVersion: 4,
    order: 'any',
    start: () => startAedes({ replayOrder: 'any' }),
  },
];

async function mosquitto(context: Mocha.Context): Promise<TestBroker> {
  requireMosquitto(context);
  return await startMosquitto();
}

/** The control topics that mqttrep has left retained at a broker. */
export async function controlTopicsAt(url: string): Promise<string[]> {
  return [...(await controlMessagesAt(url)).keys()];
}

/** The messages that mqttrep has left retained under its control topics, by topic. */
export async function controlMessagesAt(url: string): Promise<Map<string, string>> {
  const client = await TestClient.connect(url);
  const ends = ['$end/of/the/replay', '$end/or/its/begin'] as const;
  const [first, last] = ends;
  for (const end of ends) await client.publish(end, 'x', { retain: true });
  await client.subscribe([first, 'mqttrep/#', last], { qos: 0 });
  for (const end of ends) await client.waitFor(({ topic }) => topic === end);
  // Some brokers replay in any order.
  await wait(100);
  for (const end of ends) await client.deleteRetained(end);
  await client.end();
  const left = client.messages.filter(({ topic, retain }) => retain && topic.startsWith('mqttrep/'));
  return new Map(left.map(({ topic, payload }) => [topic, payload]));
}
