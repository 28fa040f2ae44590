/**
 * E1 to E12: the simulator of events can fail. Each of these mutants omits one thing on which a promise depends, and is caught
 * by a history that the event actor itself passes.
 */

import { expect } from 'chai';
import { EVENT_MUTANTS } from './event-mutants.ts';
import { tryEventHistories } from './event-trials.ts';
import { playHistory } from './play-history.ts';

/** A mutant must be caught within so many histories of a kind. */
const MAX_HISTORIES = 300;

/** Each run plays the same histories: the spec proves that these are good enough. */
const SEED = 20_260_101;

describe('The simulator of events', function () {
  this.timeout(0);

  for (const [name, { caughtBy, mutation = {}, apply = () => () => undefined }] of Object.entries(
    EVENT_MUTANTS,
  )) {
    for (const trial of caughtBy) {
      it(`catches by ${trial} a mutant that ${name}`, async () => {
        const undo = apply();
        const failure = await tryEventHistories(trial, MAX_HISTORIES, {
          seed: SEED,
          mutation,
          shrink: false,
        }).finally(undo);
        expect(failure?.objections, 'objections').to.not.equal(undefined);
        if (failure !== undefined) expect(await playHistory(failure.history)).to.deep.equal([]);
      });
    }
  }
});
