/**
 * `npm run faults -- --runs N --seed S [--jobs J] [--limits]`: as many drawn runs as one likes, of new seeds unless one is
 * given, some at the same time. A run that ends wrongly is printed with its seed, and the exit code is 1.
 */

import { parseArgs } from 'node:util';
import { drawPlan, formatPlan } from './plan.ts';
import { playPlan } from './run.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    limits: { type: 'boolean', default: false },
  },
});
const [runs, jobs] = [Number(values.runs), Number(values.jobs)];
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);

if (![runs, jobs, firstSeed].every(number => Number.isInteger(number) && number >= 0)) {
  console.error('faults: --runs, --jobs and --seed take whole numbers');
  process.exitCode = 64;
} else {
  await playAll();
}

async function playAll(): Promise<void> {
  console.log(`${runs} drawn runs, ${jobs} at a time, first seed ${firstSeed}`);
  let next = 0;
  const failed: number[] = [];
  const worker = async () => {
    for (let run = next++; run < runs; run = next++) {
      const plan = drawPlan(firstSeed + run, { limits: values.limits });
      const start = performance.now();
      try {
        await playPlan(plan);
        console.log(`${formatPlan(plan)}\n  all equal after ${seconds(start)} s`);
      } catch (error) {
        failed.push(plan.seed);
        console.log(`\nFAILED after ${seconds(start)} s\n${(error as Error).message}\n`);
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  console.log(`${runs - failed.length} of ${runs} ended right`);
  if (failed.length === 0) return;
  console.log(`seeds that did not: ${failed.sort((one, other) => one - other).join(', ')}`);
  process.exitCode = 1;
}

function seconds(start: number): string {
  return ((performance.now() - start) / 1_000).toFixed(1);
}
