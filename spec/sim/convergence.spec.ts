/** Whatever happens, in whatever order: at rest the brokers are equal, and nothing is lost that was made. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { play } from './history.ts';
import { formatHistory, parseHistory } from './history-text.ts';
import { type TrialName, tryHistories } from './trials.ts';

const GOLDENS = join(import.meta.dirname, '../../../spec/sim/goldens');

const RUNS: Readonly<Record<TrialName, number>> = {
  'random histories': 12_000,
  partitions: 4_000,
  'single writers': 4_000,
};

describe('simulated histories', function () {
  this.timeout(0);

  for (const [name, runs] of Object.entries(RUNS) as [TrialName, number][]) {
    it(`${name}: ${runs} of them end with equal brokers, and silence`, () => {
      const failure = tryHistories(name, runs);
      if (failure === undefined) return;
      throw new Error(`seed ${failure.seed}:\n\n${failure.history}\n${failure.error}`);
    });
  }

  for (const file of readdirSync(GOLDENS)) {
    it(`golden: ${file.replace('.txt', '').replaceAll('-', ' ')}`, () => {
      const text = readFileSync(join(GOLDENS, file), 'utf8');
      const history = parseHistory(text);
      expect(parseHistory(formatHistory(history)), 'as text and back').to.deep.equal(history);
      play(history);
    });
  }
});
