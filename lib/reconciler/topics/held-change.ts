/** What a broker holds under a topic changes: whoever keeps what it held before is told. */

import type { Held, Register } from '../../core/register.ts';
import type { SupersededAt } from '../../store/state-store.ts';

/** Keeps what brokers held a moment ago. */
export interface HeldBefore {
  /** What a broker holds changed with commit `until`; it had held the other since `from`. */
  changed(topic: string, broker: number, change: HeldChange): void;
  load(topic: string, superseded: readonly SupersededAt[]): void;
  of(topic: string): readonly SupersededAt[];
  forget(topic: string): void;
}

export interface HeldChange {
  readonly before: Held;
  readonly after: Held;
  readonly from: number;
  readonly until: number;
}

/** For who keeps nothing. */
export const NO_HISTORY: HeldBefore = {
  changed: () => undefined,
  load: () => undefined,
  of: () => [],
  forget: () => undefined,
};

/** What a register says that a broker holds. */
export function heldAt({ held }: Register, broker: number): Held {
  return held[broker] ?? 'unknown';
}

/** A broker that is written what it holds already had it before, whenever that was. */
export function areSame(before: Held, after: Held): boolean {
  if (before === after) return true;
  if (typeof before !== 'object' || typeof after !== 'object') return false;
  return before.payload === after.payload && before.properties === after.properties;
}
