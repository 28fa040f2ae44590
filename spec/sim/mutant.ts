/** What a mutant is: the reconciliation with one thing left out on which it depends, or done wrong. */

import type { Mutation } from './sim-replicator.ts';
import type { TrialName } from './trials.ts';

export interface Mutant extends Mutation {
  /** The trials that must catch it. If there are none, a golden catches it: it takes a rare history. */
  readonly caughtBy: readonly TrialName[];
}
