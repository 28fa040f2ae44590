/** What happens in one simulated history, as plain data: the brokers, and one step after the other. */

import type { BrokerTraits } from './sim-event-broker.ts';

export interface EventHistory {
  readonly brokers: readonly Omit<BrokerTraits, 'name'>[];
  readonly steps: readonly EventStep[];
  /** Milliseconds for which a packet travels to a broker or back; at most 30. */
  readonly latency: number;
  /** Of all that is left to chance. */
  readonly seed: number;
  /** Bytes of the queue; undefined for more than any history needs. */
  readonly queueBytes?: number;
  readonly full?: 'oldest' | 'hold';
  readonly promises: Promises;
}

/** What the history lets the replicator promise beside E1 to E12. */
export interface Promises {
  /** No client writes a message that was written before. */
  readonly distinct: boolean;
  /** No copy arrives twice. */
  readonly noDuplicates: boolean;
  /** All that the brokers kept for us arrives. */
  readonly noLoss: boolean;
}

export type EventStep = { readonly wait: number } & (
  | { readonly kind: 'write'; readonly broker: number; readonly topic: number; readonly value: number }
  | { readonly kind: 'cut'; readonly broker: number; readonly for: number; readonly answersOnly: boolean }
  | { readonly kind: 'kill'; readonly for: number; readonly answersOnly: boolean }
  | { readonly kind: 'lose session'; readonly broker: number }
  | { readonly kind: 'deny'; readonly broker: number; readonly topic: number; readonly for: number }
  | { readonly kind: 'fill disk'; readonly for: number }
);

/** How many steps may have cost a window of messages. */
export function faultsIn({ steps }: EventHistory): number {
  return steps.filter(({ kind }) => kind !== 'write').length;
}
