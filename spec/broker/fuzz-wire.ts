/**
 * `npm run fuzz:wire -- --seconds N --seed S`: broker actors at a broker that breaks the protocol, until one of them fails. Then
 * it exits with 1, and prints the seed of that round: with `--seed` that round comes first.
 */

import { parseArgs } from 'node:util';
import { TestClient } from '../support/client.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { playRound } from './wire/round.ts';

/** Rounds at once: most of a round is waiting. */
const ROUNDS_AT_ONCE = 8;

/** Most memory of the process, whatever the broker sends; Node and its libraries use some 100 MB of it. */
const MEMORY_LIMIT_BYTES = 1024 ** 3;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
});
const [seconds, firstSeed] = [Number(values.seconds), Number(values.seed)];
const playing = new Set<number>();

function fail(what: string, error: unknown): never {
  const reason = error instanceof Error ? error.stack : String(error);
  console.error(`${what}; seeds of the rounds that were played: ${[...playing].join(', ')}\n${reason}`);
  process.exit(1);
}

process.on('uncaughtException', error => fail('an exception was caught by nobody', error));
process.on('unhandledRejection', error => fail('a rejection was handled by nobody', error));

const broker = await startMosquitto({ config: ['max_queued_messages 0'] });
const client = await TestClient.connect(broker.url, { protocolVersion: 5 });
const port = Number(new URL(broker.url).port);
const end = performance.now() + seconds * 1_000;
let next = firstSeed;
let highest = 0;

async function play(): Promise<void> {
  do {
    const seed = next++;
    playing.add(seed);
    await playRound(seed, { brokerPort: port, client }).catch((error: unknown) =>
      fail(`round ${seed} failed`, error),
    );
    playing.delete(seed);
    const { rss } = process.memoryUsage();
    highest = Math.max(highest, rss);
    if (rss > MEMORY_LIMIT_BYTES) fail('too much memory', new Error(`${rss} bytes after round ${seed}`));
  } while (performance.now() < end);
}

await Promise.all(Array.from({ length: ROUNDS_AT_ONCE }, play));
await client.end();
await broker.stop();
console.log(
  `${next - firstSeed} rounds with seeds from ${firstSeed} on: nothing was lost; ${Math.round(highest / 2 ** 20)} MB at most`,
);
process.exit(0);
