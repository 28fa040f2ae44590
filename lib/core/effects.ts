/** Which event comes to which effects. The compiler and spec/core/laws.spec.ts hold `step` to this table. */

import type { Event } from './events.ts';

/**
 * What an event came to.
 * - `echo`: the broker delivered our own publish back
 * - `repeated`: a message that was known already
 * - `won`: a new winner
 * - `lost`: a message that the winner beats; its broker will be given the winner
 * - `transient`: a message that is not retained, to be passed on
 * - `expired`: the winner expired, and became a deletion
 * - `updated`: more, or less, is known of a broker, and the winner stays
 * - `published`: the broker is sent what it lacks
 * - `full`: the broker lacks the winner or the transient message. `MAX_PENDING` publishes of the topic are pending there
 * - `probing`: the broker lacks the winner as far as is known, but a probe is open there
 * - `idle`: nothing to do
 */
export type Effect =
  | 'echo'
  | 'repeated'
  | 'won'
  | 'lost'
  | 'transient'
  | 'expired'
  | 'updated'
  | 'published'
  | 'full'
  | 'probing'
  | 'idle';

export const EFFECTS = {
  observed: ['echo', 'repeated', 'won', 'lost', 'transient'],
  probed: ['updated', 'repeated', 'won', 'lost'],
  acknowledged: ['updated', 'idle'],
  refused: ['updated', 'idle'],
  'echo-overdue': ['updated', 'idle'],
  'scan-due': ['updated', 'idle'],
  offered: ['published', 'full', 'probing', 'idle'],
  expired: ['expired', 'idle'],
  returned: ['updated', 'idle'],
  'probe-lost': ['updated', 'idle'],
  restored: ['won', 'repeated'],
  withheld: ['updated', 'idle'],
} as const satisfies Readonly<Record<Event['kind'], readonly Effect[]>>;

/** The effects of one kind of events. */
export type EffectOf<K extends Event['kind']> = (typeof EFFECTS)[K][number];
