/** All that the reconciler knows of one topic. */

import type { Policy } from '../../core/policy.ts';
import type { Message, Register } from '../../core/register.ts';
import type { TopicStatus } from './topic-stats.ts';

/** One topic: its register and what its filters say. */
export interface Topic {
  readonly register: Register;
  readonly policy: Policy;
  /** By broker index: the sequence at which what it holds was last seen to change. */
  readonly seen: readonly number[];
  /** The winner that every broker was last seen to hold. */
  readonly convergedWinner: Message | undefined;
  /** As the census has it. */
  readonly status: TopicStatus;
}
