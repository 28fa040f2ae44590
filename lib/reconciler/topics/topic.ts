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
  /** The winner that was last seenAt at all brokers. */
  readonly convergedWinner: Message | undefined;
  /** As it was counted last. */
  readonly status: TopicStatus;
}

/** All code that makes a topic names its fields in one order, for the reason that core/register-changes.ts gives. */
export function withStatus({ register, policy, seenAt, convergedWinner }: Topic, status: TopicStatus): Topic {
  return { register, policy, seenAt, convergedWinner, status };
}
