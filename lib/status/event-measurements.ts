/** The last measures of the event actor, summed over its incarnations. */

import type { EventLinkMeasures, EventMeasures } from '../protocol/event-messages.ts';
import { Total } from './totals.ts';

const COUNTED = [
  'received',
  'delivered',
  'resent',
  'redeliveredDropped',
  'echoMissing',
  'unresolved',
  'sessionsLost',
  'ignored',
] as const;

type Counts = Pick<EventLinkMeasures, (typeof COUNTED)[number]> & {
  /** By filter, then by reason. */
  readonly dropped: Readonly<Record<string, Readonly<Record<string, number>>>>;
};

/** One broker as the event actor sees it. */
export interface EventState
  extends Pick<EventLinkMeasures, 'state' | 'messages' | 'bytes' | 'oldestSeconds'> {
  /** Since the start of mqttrep. */
  readonly counts: Counts;
}

export interface EventLogState {
  readonly bytes: number;
  readonly commitFailures: number;
}

export class EventMeasurements {
  readonly #totals = new Map<string, Total<Counts>>();
  readonly #failures = new Total<number>();
  #measures: EventMeasures | undefined;

  /** @param incarnation changes each time that the actor is started again */
  update(measures: EventMeasures | undefined, incarnation: number): void {
    this.#measures = measures;
    if (measures === undefined) return;
    this.#failures.update(measures.commitFailures, incarnation);
    const names = new Set(measures.brokers.map(({ name }) => name));
    for (const name of this.#totals.keys()) if (!names.has(name)) this.#totals.delete(name);
    for (const broker of measures.brokers) {
      const total = this.#totals.get(broker.name) ?? new Total<Counts>();
      this.#totals.set(broker.name, total);
      total.update(countsOf(broker), incarnation);
    }
  }

  /** Undefined if there are no event topics. */
  of(name: string): EventState | undefined {
    const broker = this.#measures?.brokers.find(one => one.name === name);
    const counts = this.#totals.get(name)?.value;
    if (broker === undefined || counts === undefined) return undefined;
    const { state, messages, bytes, oldestSeconds } = broker;
    return { state, messages, bytes, oldestSeconds, counts };
  }

  get log(): EventLogState | undefined {
    if (this.#measures === undefined) return undefined;
    return { bytes: this.#measures.logBytes, commitFailures: this.#failures.value ?? 0 };
  }
}

function countsOf(broker: EventLinkMeasures): Counts {
  const dropped: Record<string, Record<string, number>> = {};
  for (const { filter, reason, count } of broker.dropped) {
    const reasons = dropped[filter] ?? {};
    dropped[filter] = reasons;
    reasons[reason] = count;
  }
  const counts = Object.fromEntries(COUNTED.map(field => [field, broker[field]])) as Omit<Counts, 'dropped'>;
  return { ...counts, dropped };
}
