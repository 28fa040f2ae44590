/** The script of one round of the demo: which client writes what, and when the link is cut and healed. */

import { TOPICS, type Topic } from './demo-values.ts';
import type { SiteName } from './sites.ts';

export type ScriptStep = {
  /** The time of the step, as a fraction of the round. */
  readonly at: number;
} & (
  | { readonly kind: 'write' | 'delete' | 'command'; readonly site: SiteName; readonly topic: Topic }
  | { readonly kind: 'cut' | 'heal' }
);

/** The length of a round, if there is enough time. */
export const ROUND_MS = 20_000;

/** In a shorter round nobody could see how the link is cut and healed. */
export const MIN_ROUND_MS = 4_000;

/**
 * Nothing is deleted at the site that is cut off: when a broker returns without a topic, the broker may also have lost
 * it.
 */
export const SCRIPT: readonly ScriptStep[] = [
  { at: 0.02, kind: 'write', site: 'OSLO', topic: TOPICS.osloDucks },
  { at: 0.07, kind: 'write', site: 'PARIS', topic: TOPICS.menu },
  { at: 0.12, kind: 'write', site: 'QUEBEC', topic: TOPICS.quebecPond },
  { at: 0.15, kind: 'command', site: 'OSLO', topic: TOPICS.quebecGate },
  { at: 0.17, kind: 'write', site: 'OSLO', topic: TOPICS.osloVisitor },
  { at: 0.22, kind: 'write', site: 'QUEBEC', topic: TOPICS.quebecDucks },
  // Every broker is a master: a client in Paris may open a door in Oslo.
  { at: 0.27, kind: 'write', site: 'PARIS', topic: TOPICS.osloDoor },
  { at: 0.31, kind: 'write', site: 'PARIS', topic: TOPICS.parisDucks },
  { at: 0.36, kind: 'cut' },
  { at: 0.4, kind: 'write', site: 'OSLO', topic: TOPICS.osloDucks },
  { at: 0.43, kind: 'write', site: 'PARIS', topic: TOPICS.parisPond },
  // Commands: the remote site needs each of them, in this order.
  { at: 0.44, kind: 'command', site: 'OSLO', topic: TOPICS.quebecGate },
  { at: 0.46, kind: 'delete', site: 'OSLO', topic: TOPICS.osloVisitor },
  { at: 0.47, kind: 'command', site: 'OSLO', topic: TOPICS.quebecGate },
  { at: 0.49, kind: 'write', site: 'QUEBEC', topic: TOPICS.quebecPond },
  // The second write to this topic during the cut: the remote site needs only the newer value.
  { at: 0.52, kind: 'write', site: 'OSLO', topic: TOPICS.osloDucks },
  // The conflict: both sides write the same topic.
  { at: 0.55, kind: 'write', site: 'PARIS', topic: TOPICS.menu },
  { at: 0.58, kind: 'write', site: 'QUEBEC', topic: TOPICS.menu },
  { at: 0.6, kind: 'command', site: 'OSLO', topic: TOPICS.quebecGate },
  { at: 0.63, kind: 'heal' },
  { at: 0.78, kind: 'write', site: 'QUEBEC', topic: TOPICS.quebecDucks },
  { at: 0.82, kind: 'write', site: 'OSLO', topic: TOPICS.menu },
  { at: 0.86, kind: 'write', site: 'PARIS', topic: TOPICS.parisPond },
  { at: 0.9, kind: 'write', site: 'OSLO', topic: TOPICS.osloDoor },
  { at: 0.94, kind: 'write', site: 'QUEBEC', topic: TOPICS.quebecPond },
];

/**
 * The length of each round in milliseconds, so that rounds of about ROUND_MS fill the given time. ROUND_MS if the
 * time is undefined.
 */
export function roundLength(milliseconds: number | undefined): number {
  if (milliseconds === undefined) return ROUND_MS;
  const rounds = Math.max(1, Math.round(milliseconds / ROUND_MS));
  return Math.max(MIN_ROUND_MS, milliseconds / rounds);
}
