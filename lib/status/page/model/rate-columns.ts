/** The rates in columns for the chart: received above the axis, published below it. */

import type { RateSample } from '../../api.ts';

export interface RateColumns {
  /** Seconds since 1970. */
  readonly at: number[];
  /** Messages per second. */
  readonly received: number[];
  readonly published: number[];
}

export interface RatePair {
  readonly received: number;
  readonly published: number;
}

/** @param broker the name of a broker; undefined for the sum of all */
export function rateColumns(rates: readonly RateSample[], broker?: string): RateColumns {
  const pairs = rates.map(sample => ratesIn(sample, broker));
  return {
    at: rates.map(({ at }) => at / 1000),
    received: pairs.map(({ received }) => received),
    published: pairs.map(({ published }) => published),
  };
}

export function ratesIn(sample: RateSample | undefined, broker?: string): RatePair {
  if (sample === undefined || sample.seconds <= 0) return { received: 0, published: 0 };
  const { received, published, seconds } = sample;
  return { received: messages(received, broker) / seconds, published: messages(published, broker) / seconds };
}

function messages(byBroker: Readonly<Record<string, number>>, broker: string | undefined): number {
  if (broker === undefined) return Object.values(byBroker).reduce((sum, each) => sum + each, 0);
  return Object.hasOwn(byBroker, broker) ? (byBroker[broker] ?? 0) : 0;
}
