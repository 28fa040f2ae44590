/** A trickle of messages: how long one takes from a client at one broker to a client at the other. */

import { at, startBrokers, stopBrokers, urlsOf } from './brokers.ts';
import { Reader, write } from './client-process.ts';
import { BenchedReplicator, cpuBetween } from './replicator.ts';
import { figures, type Load, type Result, type Run, type Scenario } from './scenario.ts';
import { percentile } from './statistics.ts';

/** Messages a second. */
const RATE = 100;
const FREQUENCIES = [1, 20, 1_000];

export const latency: Scenario = {
  name: 'latency',
  about: `${RATE} messages/s, each to a topic of its own`,
  async *run(load: Load): AsyncGenerator<Result> {
    const messages = RATE * (load === 'quick' ? 3 : 20);
    for (const frequency of FREQUENCIES) {
      const run = await once(messages, frequency);
      yield { variant: `MERGE_FREQUENCY ${frequency}`, figures: figures([run]), targets: [] };
    }
  },
};

async function once(messages: number, mergeFrequency: number): Promise<Run> {
  const brokers = await startBrokers(2);
  const replicator = await BenchedReplicator.start({ brokers: urlsOf(brokers), mergeFrequency });
  const reader = await Reader.at({ port: at(brokers, 1).port, messages, awaitedFrom: 0 });
  const before = replicator.cpu();
  const { sentAt } = await write({ port: at(brokers, 0).port, messages, rate: RATE });
  await reader.complete(10_000);
  const cpu = cpuBetween(before, replicator.cpu());
  const { arrivedAt, missing, repeated } = await reader.reading();
  reader.close();
  await replicator.stop();
  await stopBrokers(brokers);

  const taken = Array.from(sentAt, (sent, message) => (arrivedAt[message] ?? Number.NaN) - sent);
  const arrived = taken.filter(milliseconds => !Number.isNaN(milliseconds));
  return {
    'p50, ms': percentile(arrived, 0.5),
    'p99, ms': percentile(arrived, 0.99),
    'longest, ms': percentile(arrived, 1),
    'not delivered': missing,
    'delivered twice': repeated,
    'CPU a message, µs': (cpu.total * 1000) / messages,
  };
}
