/** What `step` gives back, and the shapes of it that recur. */

import type { Command } from './events.ts';
import type { Message, Register } from './register.ts';

/**
 * What an event came to.
 * - `echo`: our own publish seen back
 * - `repeated`: what was known already
 * - `won`: a new winner
 * - `lost`: older than the winner; its broker will get the winner back
 * - `passing`: a message that is not retained, to be handed on
 * - `expired`: the winner's time was over
 * - `settled`: an acknowledgement or probe that changed what a broker is known to hold
 * - `published`: commands were given
 * - `full`: it would be published, were not as many publishes of the topic under way as may be
 * - `asked`: it would be published, were the broker not being asked what it retains
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

export interface Outcome {
  readonly register: Register;
  readonly effect: Effect;
  readonly commands: readonly Command[];
  /** Only where two messages met of which one had to lose. */
  readonly conflict?: Conflict;
  /** Set where the broker may retain another message than it delivered last. */
  readonly raced?: true;
  /** Set where an empty message of a client, which did not show whether it is retained, turned out to be a deletion. */
  readonly deletionProven?: true;
}

/**
 * A message lost against another one, though it was no predecessor of it: whoever wrote the later one had not been
 * shown the earlier one, or the merge chain decided against what was written later.
 */
export interface Conflict {
  readonly winner: Message;
  readonly loser: Message;
}

const NO_COMMANDS: readonly Command[] = [];

/** An outcome without commands. */
export function outcome(register: Register, effect: Effect): Outcome {
  return { register, effect, commands: NO_COMMANDS };
}
