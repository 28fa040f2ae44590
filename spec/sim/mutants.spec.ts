/**
 * I8, I9, I13: the simulator can fail. Each of these mutants does one thing wrongly that the reconciliation stands
 * on, and is caught within a thousand or two of histories, by one that the reconciliation itself survives.
 */

import { expect } from 'chai';
import { playGoldens } from './goldens.ts';
import { play } from './history.ts';
import { parseHistory } from './history-text.ts';
import { MUTANTS } from './mutants.ts';
import type { Mutation } from './sim-replicator.ts';
import { type TrialName, tryHistories } from './trials.ts';

/** Histories of each kind that a mutant may survive. */
const ENOUGH = 1_500;

/** The same histories each time: what is to be shown is that they are good enough. */
const SEED = 20_260_101;

describe('mutants of the reconciliation', function () {
  this.timeout(0);

  for (const [name, { caughtBy, ...mutation }] of Object.entries(MUTANTS)) {
    it(`one that ${name} is caught`, async () => {
      expect(await catcher(mutation, caughtBy), 'what caught it').to.not.equal(undefined);
    });
  }
});

/** What catches a mutant: one of these trials, or else a history that once failed. */
async function catcher(mutation: Mutation, trials: readonly TrialName[]): Promise<string | undefined> {
  for (const name of trials) {
    const failure = await tryHistories(name, ENOUGH, { seed: SEED, mutation, shrink: false });
    if (failure === undefined) continue;
    // The fault is the mutant's alone.
    play(parseHistory(failure.history));
    return name;
  }
  return playGoldens(mutation);
}
