/** `npm run fuzz:store -- --rounds N --seed S`: damages stores until one returns a wrong state, and prints how. */

import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { damages, fill, judge, type Verdict } from './damage.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
const filled = await fill(60);
const verdicts = new Map<string, number>();
const told = (verdict: Verdict) =>
  verdict === 'damaged'
    ? 'said to be damaged'
    : verdict === 59
      ? 'whole'
      : 'without its last commits, all hit';
await fc.assert(
  fc.asyncProperty(damages(filled.ends.at(-1) ?? 0), async damage => {
    const verdict = told(await judge(filled, damage));
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  }),
  { numRuns: rounds, seed, verbose: 1 },
);
for (const [verdict, count] of verdicts) console.log(`${count} ${verdict}`);
console.log(`${rounds} rounds with seed ${seed}: nothing wrong was given back`);
