/** The kinds of histories that the simulator plays, by name. A trial plays histories of one kind until one fails. */

import fc from 'fast-check';
import { evictions } from './evictions.ts';
import { hastyCuts } from './hasty-cuts.ts';
import type { History } from './history.ts';
import { formatHistory } from './history-text.ts';
import { latePackets } from './late-packets.ts';
import { lostRights } from './lost-rights.ts';
import { massAbsences } from './mass-absences.ts';
import { partitions } from './partitions.ts';
import { play } from './play.ts';
import { powerLosses } from './power-losses.ts';
import { questions } from './questions.ts';
import { races } from './races.ts';
import { randomHistories, severalReplicators } from './random-histories.ts';
import { returns } from './returns.ts';
import { rollbacks } from './rollbacks.ts';
import type { Mutation } from './sim-replicator.ts';
import { singleWriters } from './single-writers.ts';

export const TRIALS = {
  'single writers': singleWriters,
  partitions,
  returns,
  'hasty cuts': hastyCuts,
  'late packets': latePackets,
  rollbacks,
  'power losses': powerLosses,
  'lost rights': lostRights,
  evictions,
  'mass absences': massAbsences,
  races,
  questions,
  'random histories': randomHistories,
  'several replicators': severalReplicators,
} as const;

export type TrialName = keyof typeof TRIALS;

export interface Failure {
  /** The shortest history that was found to fail, as text. */
  readonly history: string;
  readonly seed: number;
  readonly error: unknown;
}

export interface TrialOptions {
  readonly seed?: number;
  readonly mutation?: Mutation;
  /** Whether to look for the shortest history that fails, which takes a while. */
  readonly shrink?: boolean;
}

/**
 * Plays so many histories; returns undefined if all ended well. Each history begins in a turn of its own: a promise that waits for
 * it would keep its whole world in memory.
 */
export async function tryHistories(
  name: TrialName,
  histories: number,
  { seed, mutation, shrink = true }: TrialOptions = {},
): Promise<Failure | undefined> {
  const property = fc.asyncProperty(TRIALS[name], async (history: History) => play(history, mutation));
  const details = await fc.check(property, {
    numRuns: histories,
    endOnFailure: !shrink,
    ...(seed === undefined ? {} : { seed }),
  });
  if (!details.failed) return undefined;
  const history = details.counterexample?.[0];
  return {
    history: history === undefined ? '' : formatHistory(history),
    seed: details.seed,
    error: details.errorInstance,
  };
}
