/** Who does what when, in one round of the demo. */

import { TOPICS, type Topic } from './duck-pond.ts';
import type { SiteName } from './sites.ts';

export type ScriptStep = {
  /** When, as a fraction of the round. */
  readonly at: number;
} & (
  | { readonly kind: 'write' | 'delete'; readonly site: SiteName; readonly topic: Topic }
  | { readonly kind: 'cut' | 'heal' }
);

/** Milliseconds of a round, where there is time enough. */
export const ROUND = 20_000;

/** In less the links cannot be cut and healed so that one sees it. */
export const SHORTEST_ROUND = 4_000;

/**
 * Nothing is deleted at the site that is cut off: what a broker does not show when it comes back may as well
 * have been lost.
 */
export const SCRIPT: readonly ScriptStep[] = [
  { at: 0.02, kind: 'write', site: 'OSLO', topic: TOPICS.osloDucks },
  { at: 0.07, kind: 'write', site: 'PARIS', topic: TOPICS.menu },
  { at: 0.12, kind: 'write', site: 'QUEBEC', topic: TOPICS.quebecPond },
  { at: 0.17, kind: 'write', site: 'OSLO', topic: TOPICS.osloVisitor },
  { at: 0.22, kind: 'write', site: 'QUEBEC', topic: TOPICS.quebecDucks },
  // Every broker is a master: a door in Oslo may be opened from Paris.
  { at: 0.27, kind: 'write', site: 'PARIS', topic: TOPICS.osloDoor },
  { at: 0.31, kind: 'write', site: 'PARIS', topic: TOPICS.parisDucks },
  { at: 0.36, kind: 'cut' },
  { at: 0.4, kind: 'write', site: 'OSLO', topic: TOPICS.osloDucks },
  { at: 0.43, kind: 'write', site: 'PARIS', topic: TOPICS.parisPond },
  { at: 0.46, kind: 'delete', site: 'OSLO', topic: TOPICS.osloVisitor },
  { at: 0.49, kind: 'write', site: 'QUEBEC', topic: TOPICS.quebecPond },
  // Twice the same topic: the remote site needs the newer value only.
  { at: 0.52, kind: 'write', site: 'OSLO', topic: TOPICS.osloDucks },
  // And the conflict.
  { at: 0.55, kind: 'write', site: 'PARIS', topic: TOPICS.menu },
  { at: 0.58, kind: 'write', site: 'QUEBEC', topic: TOPICS.menu },
  { at: 0.63, kind: 'heal' },
  { at: 0.78, kind: 'write', site: 'QUEBEC', topic: TOPICS.quebecDucks },
  { at: 0.82, kind: 'write', site: 'OSLO', topic: TOPICS.menu },
  { at: 0.86, kind: 'write', site: 'PARIS', topic: TOPICS.parisPond },
  { at: 0.9, kind: 'write', site: 'OSLO', topic: TOPICS.osloDoor },
  { at: 0.94, kind: 'write', site: 'QUEBEC', topic: TOPICS.quebecPond },
];

/**
 * How long each round lasts, in milliseconds, so that rounds of about ROUND fill the time; for no end of the
 * time, ROUND.
 */
export function roundLength(milliseconds: number | undefined): number {
  if (milliseconds === undefined) return ROUND;
  const rounds = Math.max(1, Math.round(milliseconds / ROUND));
  return Math.max(SHORTEST_ROUND, milliseconds / rounds);
}
