/** What waits for time to pass: winners that expire, and topics that may be forgotten. */

import { forgettableFrom } from '../../core/forgetting.ts';
import type { Policy } from '../../core/policy.ts';
import { expiryOf, isDeletion, type Register } from '../../core/register.ts';
import { Expiries } from './expiries.ts';

export class TopicTimes {
  /** By the time at which the winner may have expired. */
  readonly expiring = new Expiries();
  /** By the time at which a topic may be forgotten at the earliest. */
  readonly forgettable = new Expiries();

  get isEmpty(): boolean {
    return this.expiring.size === 0 && this.forgettable.size === 0;
  }

  /** The topic is to be checked when its winner expires; without one, when it may be forgotten. */
  watch(topic: string, register: Register, policy: Policy): void {
    const { winner } = register;
    if (winner === undefined || isDeletion(winner))
      this.forgettable.expect(topic, forgettableFrom(register, policy));
    else this.expiring.expect(topic, expiryOf(winner));
  }
}
