/**
 * `npm run simulate -- --histories N --seed S`: plays N histories of each kind, with a random seed unless one is given. A history
 * that fails is printed as text for spec/sim/goldens, and the exit code is 1.
 */

import { parseArgs } from 'node:util';
import { TRIALS, type TrialName, tryHistories } from './trials.ts';

/** Histories of each kind between two lines of progress. */
const ROUND = 2_000;

const { values } = parseArgs({
  options: { histories: { type: 'string', default: '100000' }, seed: { type: 'string' } },
});
const histories = Number(values.histories);
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);

if (!Number.isInteger(histories) || histories < 1 || !Number.isInteger(firstSeed)) {
  console.error('simulate: --histories and --seed take whole numbers');
  process.exitCode = 64;
} else {
  await simulate();
}

async function simulate(): Promise<void> {
  console.log(`${histories} histories of each kind, first seed ${firstSeed}`);
  for (let played = 0, seed = firstSeed; played < histories; played += ROUND, seed++) {
    const count = Math.min(ROUND, histories - played);
    for (const name of Object.keys(TRIALS) as TrialName[]) {
      const failure = await tryHistories(name, count, { seed });
      if (failure === undefined) continue;
      console.log(`\n${name}, seed ${failure.seed}:\n\n${failure.history}\n${failure.error}`);
      process.exitCode = 1;
      return;
    }
    console.log(`${played + count} played, seed ${seed}`);
  }
}
