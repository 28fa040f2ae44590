/** The cost of a message in MQTT.js alone, to read it only or to pass it on too. No program on MQTT.js costs less. */

import { setTimeout as wait } from 'node:timers/promises';
import { at, GENEROUS, startBrokers, stopBrokers } from './brokers.ts';
import { BareClient, write } from './client-process.ts';
import { figures, type Plan, type Result, type Run, type Scenario } from './scenario.ts';

const TOPICS = 1_000;
const TICK_PERIOD_MS = 100;

const VARIANTS = [
  ['MQTT.js that reads', 1],
  ['MQTT.js that passes on the newest of each topic at each tick', 2],
] as const;

export const bare: Scenario = {
  name: 'bare',
  about: `the flood for MQTT.js without mqttrep, a tick each ${TICK_PERIOD_MS} ms`,
  async *run({ size }: Plan): AsyncGenerator<Result> {
    const columns = [];
    for (const [subject, brokers] of VARIANTS) {
      const runs: Run[] = [];
      while (runs.length < (size === 'quick' ? 1 : 3)) {
        runs.push(await runOnce(size === 'quick' ? 20_000 : 200_000, brokers));
      }
      columns.push({ subject, figures: figures(runs) });
    }
    yield { variant: '', columns, targets: [] };
  },
};

async function runOnce(messages: number, count: 1 | 2): Promise<Run> {
  const brokers = await startBrokers(count, GENEROUS);
  const { port } = at(brokers, 0);
  const to = brokers[1] && { port: brokers[1].port, periodMs: TICK_PERIOD_MS };
  const client = await BareClient.at({ port, ...(to === undefined ? {} : { to }) });
  await write({ port, messages, topics: TOPICS });
  await wait(500);
  const { received, published, cpuMs } = await client.reading();
  client.close();
  await stopBrokers(brokers);
  return { received, published, 'CPU a message, µs': (cpuMs * 1000) / received };
}
