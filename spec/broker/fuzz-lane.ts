/**
 * `npm run fuzz:lane -- --seconds N --seed S`: random bytes for the packet reader, with mqtt-packet beside it, until they differ.
 * Then it exits with 1, and prints the seed of that round.
 */

import { parseArgs } from 'node:util';
import { Chance } from './wire/chance.ts';
import { playLaneRound } from './wire/lane-round.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
});
const first = Number(values.seed);
const end = performance.now() + Number(values.seconds) * 1_000;
let seed = first;
try {
  do playLaneRound(new Chance(seed++));
  while (performance.now() < end);
} catch (error) {
  console.error(`the round with seed ${seed - 1} failed\n${(error as Error).stack}`);
  process.exit(1);
}
console.log(`${seed - first} rounds with seeds from ${first} on: the packet reader and mqtt-packet agree`);
