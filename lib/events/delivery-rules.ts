/** Which events one destination is sent, and how. */

import { has, type QoS } from '../core/policy.ts';
import type { EventSessionStarted } from '../protocol/event-messages.ts';
import type { DestinationParts } from './destination-parts.ts';
import { hasPassed } from './event-policies.ts';
import type { LoggedEvent } from './ledger/event-record.ts';

export type DeliveryRulesParts = Pick<
  DestinationParts,
  'broker' | 'clock' | 'counters' | 'deliveries' | 'policies' | 'ledgerOf'
>;

export class DeliveryRules {
  readonly #parts: DeliveryRulesParts;

  constructor(parts: DeliveryRulesParts) {
    this.#parts = parts;
  }

  /** Whether the broker delivers a publish of ours back, without a stamp that proves it. */
  expectsEcho(topic: string, { echo, stamps }: EventSessionStarted): boolean {
    return echo && !stamps && has(this.#parts.policies().of(topic).echo, this.#parts.broker);
  }

  /** Whether the event need not be published: it has arrived, or must not, or has expired. */
  isDone(event: LoggedEvent): boolean {
    const { broker, clock, counters } = this.#parts;
    const { echoed, brokerId } = this.#parts.ledgerOf();
    if (echoed.has(event.seq)) return true;
    const policy = this.#parts.policies().of(event.topic);
    // Events of a filter that was removed are still delivered.
    const isForbidden = policy.isEvent && !has(policy.publish, broker);
    if (isForbidden || hasPassed(event.path, brokerId)) return true;
    if (clock.now() < event.expiresAt) return false;
    counters.drop(policy.filter, 'expired', 1, event.topic);
    return true;
  }

  publish(event: LoggedEvent, { acknowledges }: EventSessionStarted): void {
    const { retain, qos } = this.#parts.policies().of(event.topic);
    this.#parts.deliveries.add(event, { retain, qos: (acknowledges ? qos : 0) as QoS });
  }
}
