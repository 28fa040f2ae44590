/** The output of `step`. */

import type { Effect } from './effects.ts';
import type { Command } from './events.ts';
import type { Message } from './message.ts';
import type { Register } from './register.ts';

export interface Outcome<E extends Effect = Effect> {
  readonly register: Register;
  readonly effect: E;
  readonly commands: readonly Command[];
  /** Set where one of two messages was dropped. */
  readonly conflict?: Conflict;
  /** Set where the broker may retain another message than it delivered last. */
  readonly raced?: true;
  /** Set where an empty message that did not show whether it is retained turned out to be a client's deletion. */
  readonly deletionProven?: true;
}

/**
 * One of two messages was dropped. The later writer had not been shown the earlier message, or the merge chain preferred the
 * earlier message.
 */
export interface Conflict {
  readonly winner: Message;
  readonly loser: Message;
}

const NO_COMMANDS: readonly Command[] = [];

/** An outcome without commands. */
export function outcome<E extends Effect>(register: Register, effect: E): Outcome<E> {
  return { register, effect, commands: NO_COMMANDS };
}
