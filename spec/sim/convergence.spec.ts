/**
 * I1, I2, I3, I4, I5, I6, I7, I8, I11, I12, I13: whatever happens, in whatever order: at rest the brokers are equal, and
 * nothing is lost that was made.
 */

import { expect } from 'chai';
import { GOLDENS } from './goldens.ts';
import { play } from './history.ts';
import { formatHistory, parseHistory } from './history-text.ts';
import { type TrialName, tryHistories } from './trials.ts';

/** The same histories in every run; `npm run simulate` plays new ones. */
const SEED = 1;

const RUNS: Readonly<Record<TrialName, readonly [histories: number, invariants: string]>> = {
  'random histories': [10_000, 'I1, I2, I3, I13'],
  'several replicators': [2_500, 'I1, I2, I3, I13'],
  partitions: [1_500, 'I4'],
  returns: [1_000, 'I1, I3'],
  'hasty cuts': [500, 'I4'],
  'late packets': [500, 'I5'],
  rollbacks: [2_000, 'I4'],
  'power losses': [300, 'I4'],
  'lost rights': [200, 'I13'],
  evictions: [100, 'I13'],
  questions: [1_000, 'I13'],
  races: [1_000, 'I1, I2, I3'],
  'single writers': [5_000, 'I5'],
};

describe('simulated histories', function () {
  this.timeout(0);

  for (const [name, [runs, invariants]] of Object.entries(RUNS)) {
    it(`${invariants}: ${runs} ${name} end with equal brokers, and silence`, async () => {
      const failure = await tryHistories(name as TrialName, runs, { seed: SEED });
      if (failure === undefined) return;
      throw new Error(`seed ${failure.seed}:\n\n${failure.history}\n${failure.error}`);
    });
  }

  for (const { name, text } of GOLDENS) {
    it(`golden: ${name}`, () => {
      const history = parseHistory(text);
      expect(parseHistory(formatHistory(history)), 'as text and back').to.deep.equal(history);
      play(history);
    });
  }
});
