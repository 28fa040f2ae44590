/** Changes of what a broker holds under a topic, for a history of what it held before. */

import { type Held, heldAfter, type Pending, type Register } from '../../core/register.ts';
import type { Superseded, SupersededAt } from '../../store/state-store.ts';

/** A history of what brokers held a moment ago. */
export interface HeldBefore {
  /** What a broker holds changed with the commit `until`; it had held the other since the commit `from`. */
  changed(topic: string, broker: number, change: HeldChange): void;
  /** A broker may have held a value for a while, although it was not seen to. */
  heldUnseen(topic: string, broker: number, value: Superseded): void;
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

/** A history that is always empty. */
export const NO_HISTORY: HeldBefore = {
  changed: () => undefined,
  heldUnseen: () => undefined,
  load: () => undefined,
  of: () => [],
  forget: () => undefined,
};

/** What a broker holds, by the register. */
export function heldAt({ held }: Register, broker: number): Held {
  return held[broker] ?? 'unknown';
}

/** Whether it is the same value. A broker that gets again what it holds has held it all the time. */
export function areSame(before: Held, after: Held): boolean {
  if (before === after) return true;
  if (typeof before !== 'object' || typeof after !== 'object') return false;
  return before.payload === after.payload && before.properties === after.properties;
}

/**
 * Whether the broker was not seen to hold a retained publish that is no longer pending: it showed another message in its place.
 */
export function isUnseen({ broker, retained, message }: Pending, after: Register): boolean {
  return retained && !areSame(heldAfter(message), heldAt(after, broker));
}
