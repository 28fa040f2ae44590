/** What the reconciler knows of one topic. */

import type { Policy } from '../../core/policy.ts';
import type { Message, Register } from '../../core/register.ts';
import type { TopicStatus } from './topic-stats.ts';

/** One topic: its register and what its filters say. */
export interface Topic {
  readonly register: Register;
  readonly policy: Policy;
  /** By broker index: the commit with which what it holds was last seen to change. */
  readonly seen: readonly number[];
  /** The winner that was last seen at all brokers. */
  readonly convergedWinner: Message | undefined;
  /** As it was counted last. */
  readonly status: TopicStatus;
}

/** All code that makes a topic names its fields in one order, for the reason that core/register-changes.ts gives. */
export function withStatus({ register, policy, seen, convergedWinner }: Topic, status: TopicStatus): Topic {
  return { register, policy, seen, convergedWinner, status };
}
