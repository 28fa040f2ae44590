/** What the reconciler knows of one topic. */

import type { Policy } from '../../core/policy.ts';
import type { Message, Register } from '../../core/register.ts';
import type { TopicStatus } from './topic-stats.ts';

/** One topic: its register and what its filters say. */
export interface Topic {
  readonly register: Register;
  readonly policy: Policy;
  /** By broker index: the commit at which mqttrep last saw a change of what the broker holds. */
  readonly seenAt: readonly number[];
  /** The winner that was last seen at all brokers. */
  readonly convergedWinner: Message | undefined;
  /** As it was counted last. */
  readonly status: TopicStatus;
}
