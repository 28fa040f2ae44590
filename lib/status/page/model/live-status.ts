/**
 * The status as the page keeps it: a snapshot, and the deltas since. Lists have the same bounds as at the server, however
 * long the page is open.
 */

import type { BrokerStatus, Delta, RateSample, Status } from '../../api.ts';

/** Milliseconds. */
export const RATES_SPAN = 600_000;

/** As many as the server keeps. */
export const MAX_CONFLICTS = 50;

export function withDelta(status: Status, delta: Delta): Status {
  return {
    ...status,
    brokers: delta.brokers === undefined ? status.brokers : withBrokers(status.brokers, delta.brokers),
    topics: delta.topics ?? status.topics,
    convergence: delta.convergence ?? status.convergence,
    rates: delta.rates === undefined ? status.rates : lastTenMinutes([...status.rates, ...delta.rates]),
    conflicts:
      delta.conflicts === undefined
        ? status.conflicts
        : [...delta.conflicts, ...status.conflicts].slice(0, MAX_CONFLICTS),
  };
}

/**
 * Values of which at least one is another object whenever a message was received or published. Rates are not among them,
 * since a new sample comes even if nothing happens.
 */
export function signsOfChange({ brokers, topics, convergence, conflicts }: Status): readonly unknown[] {
  return [brokers, topics, convergence, conflicts];
}

/** In their earlier order; new ones at the end. */
function withBrokers(known: readonly BrokerStatus[], changed: readonly BrokerStatus[]): BrokerStatus[] {
  const brokers = new Map(known.map(broker => [broker.name, broker]));
  for (const broker of changed) brokers.set(broker.name, broker);
  return [...brokers.values()];
}

function lastTenMinutes(rates: readonly RateSample[]): readonly RateSample[] {
  const newest = rates.at(-1)?.at ?? 0;
  return rates.filter(({ at }) => at > newest - RATES_SPAN);
}
