/** Whatever happens, in whatever order: at rest the brokers are equal, and what they hold was really written. */

import { expect } from 'chai';
import fc from 'fast-check';
import { type History, histories, play } from './history.ts';

/** `HISTORIES` and `SEED` in the environment ask for more, or for one again. */
const RUNS = Number(process.env['HISTORIES'] ?? 4_000);
const SEED = process.env['SEED'];

describe('simulated histories', function () {
  this.timeout(0);

  it(`${RUNS} of them end with equal brokers, and silence`, () => {
    fc.assert(
      fc.property(histories, history => {
        play(history, world => {
          for (const [topic, payload] of world.expectEqual()) {
            expect(written(history, topic), `${topic} holds what nobody wrote`).to.include(payload);
          }
        });
      }),
      { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );
  });
});

function written({ steps }: History, topic: string): string[] {
  return steps.flatMap(step =>
    (step.kind === 'write' || step.kind === 'pass') && step.topic === topic ? [step.payload] : [],
  );
}
