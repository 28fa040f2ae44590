/** Where the values of metrics come from that each broker has. */

import type { ReconcilerMeasures } from '../protocol/requests.ts';
import type { BrokerState } from './measurements.ts';
import type { ValueMetric } from './metric.ts';

/** A number of each broker. */
export function perBroker(numberOf: (broker: BrokerState) => number): ValueMetric['source'] {
  return ({ measurements }) =>
    measurements.brokers.map(broker => [{ broker: broker.name }, numberOf(broker)]);
}

type CountsByBroker = Extract<
  keyof ReconcilerMeasures['counts'],
  'racedWrites' | 'vanished' | 'historyDropped'
>;

/** What the reconciler counts by broker; 0 for a broker that it did not count for. */
export function countedByReconciler(field: CountsByBroker): ValueMetric['source'] {
  return ({ measurements: { brokers, reconcilerCounts } }) =>
    brokers.map(({ name }) => [{ broker: name }, reconcilerCounts?.[field][name] ?? 0]);
}

/** Several numbers of each broker, told apart by a label. */
export function perBrokerAnd(
  label: string,
  countsOf: (broker: BrokerState) => Readonly<Record<string, number>>,
): ValueMetric['source'] {
  return ({ measurements }) =>
    measurements.brokers.flatMap(broker =>
      Object.entries(countsOf(broker)).map(
        ([value, count]) => [{ broker: broker.name, [label]: value }, count] as const,
      ),
    );
}
