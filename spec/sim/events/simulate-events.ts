/**
 * `npm run simulate:events -- --histories N --seed S`: plays N histories of each kind, with a random seed unless one is given. A
 * history that fails is printed, and the exit code is 1.
 */

import { parseArgs } from 'node:util';
import { EVENT_TRIALS, type EventTrialName, tryEventHistories } from './event-trials.ts';

/** Histories of each kind between two lines of progress. */
const ROUND = 200;

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '2000' },
    seed: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
});
const histories = Number(values.histories);
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);

if (!Number.isInteger(histories) || histories < 1 || !Number.isInteger(firstSeed)) {
  console.error('simulate:events: --histories and --seed take whole numbers');
  process.exitCode = 64;
} else {
  await simulate();
}

async function simulate(): Promise<void> {
  const names = Object.keys(EVENT_TRIALS).filter(name => values.only?.includes(name) ?? true);
  console.log(`${histories} histories of each kind, first seed ${firstSeed}`);
  for (let played = 0, seed = firstSeed; played < histories; played += ROUND, seed++) {
    const count = Math.min(ROUND, histories - played);
    for (const name of names as EventTrialName[]) {
      const failure = await tryEventHistories(name, count, { seed });
      if (failure === undefined) continue;
      const { history, objections } = failure;
      console.log(`\n${name}, seed ${failure.seed}:\n\n${JSON.stringify(history, undefined, 1)}`);
      console.log(objections.join('\n'));
      process.exitCode = 1;
      return;
    }
    console.log(`${played + count} played, seed ${seed}`);
  }
}
