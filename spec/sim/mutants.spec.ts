/**
 * I8, I9, I13: the simulator can fail. Each of these mutants does one thing wrong on which the reconciliation depends. It is
 * caught within 1,500 histories, by a history that the reconciliation itself passes.
 */

import { expect } from 'chai';
import { ACTOR_MUTANTS } from './actor-mutants.ts';
import { CORE_MUTANTS } from './core-mutants.ts';
import { playGoldens } from './goldens.ts';
import { parseHistory } from './history-text.ts';
import { play } from './play.ts';
import type { Mutation } from './sim-replicator.ts';
import { SURROUNDINGS_MUTANTS } from './surroundings-mutants.ts';
import { type TrialName, tryHistories } from './trials.ts';

/** A mutant must be caught within so many histories of a kind. */
const MAX_HISTORIES = 1_500;

/** Each run plays the same histories: the specs prove that these are good enough. */
const SEED = 20_260_101;

const MUTANTS = { ...CORE_MUTANTS, ...SURROUNDINGS_MUTANTS, ...ACTOR_MUTANTS };

describe('The simulator', function () {
  this.timeout(0);

  for (const [name, { caughtBy, ...mutation }] of Object.entries(MUTANTS)) {
    it(`catches a mutant that ${name}`, async () => {
      expect(await catcher(mutation, caughtBy), 'the trial that caught it').to.not.equal(undefined);
    });
  }
});

/** The name of what catches a mutant: one of these trials, or else a golden. */
async function catcher(mutation: Mutation, trials: readonly TrialName[]): Promise<string | undefined> {
  for (const name of trials) {
    const failure = await tryHistories(name, MAX_HISTORIES, { seed: SEED, mutation, shrink: false });
    if (failure === undefined) continue;
    // The reconciliation without the mutation passes the same history.
    play(parseHistory(failure.history));
    return name;
  }
  return playGoldens(mutation);
}
