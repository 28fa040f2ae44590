/**
 * I1, I2, I3, I4, I5, I6, I7, I8, I11, I12, I13: after any history the brokers are equal at rest, and no write or deletion is
 * lost.
 */

import { expect } from 'chai';
import { GOLDENS } from './goldens.ts';
import { formatHistory, parseHistory } from './history-text.ts';
import { play } from './play.ts';
import { type TrialName, tryHistories } from './trials.ts';

/** Each run plays the same histories. `npm run simulate` plays new ones. */
const SEED = 1;

const RUNS: Readonly<Record<TrialName, readonly [histories: number, invariants: string]>> = {
  'random histories': [2_000, 'I1, I2, I3, I13'],
  'several replicators': [600, 'I1, I2, I3, I13'],
  partitions: [400, 'I4'],
  returns: [500, 'I1, I3'],
  'hasty cuts': [200, 'I4'],
  'late packets': [300, 'I5'],
  rollbacks: [500, 'I4'],
  'power losses': [200, 'I4'],
  'lost rights': [200, 'I13'],
  evictions: [100, 'I13'],
  'mass absences': [50, 'I13'],
  questions: [300, 'I13'],
  races: [500, 'I1, I2, I3'],
  'single writers': [1_000, 'I5'],
};

describe('Simulated histories', function () {
  this.timeout(0);

  for (const [name, [runs, invariants]] of Object.entries(RUNS)) {
    it(`${invariants}: ${runs} ${name} end with equal brokers and silence`, async () => {
      const failure = await tryHistories(name as TrialName, runs, { seed: SEED });
      if (failure === undefined) return;
      throw new Error(`seed ${failure.seed}:\n\n${failure.history}\n${failure.error}`);
    });
  }
});

describe('A history that failed once', function () {
  this.timeout(0);

  for (const { name, text } of GOLDENS) {
    it(`ends with equal brokers and silence: ${name}`, () => {
      const history = parseHistory(text);
      expect(parseHistory(formatHistory(history)), 'formatted and parsed again').to.deep.equal(history);
      play(history);
    });
  }
});
