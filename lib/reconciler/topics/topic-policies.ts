/**
 * What the filters say of each topic: QoS, retention, TTL, merge chain, and which brokers may be published to.
 *
 * The policy of a topic is known without its register. So a message can be routed by its policy before the register is
 * created or changed.
 */

import type { Policies, Policy } from '../../core/policy.ts';

export class TopicPolicies {
  #current: Policies;

  constructor(current: Policies) {
    this.#current = current;
  }

  /** The policy by the filters as they are now. The same filters give the same object. */
  of(topic: string): Policy {
    return this.#current.of(topic);
  }

  /** The filters have changed. Returns the policies before the change. */
  replace(policies: Policies): Policies {
    const former = this.#current;
    this.#current = policies;
    return former;
  }
}
