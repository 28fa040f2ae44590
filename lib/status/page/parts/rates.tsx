/** Messages per second over the last ten minutes: received above the axis, published below it. */

import { useState } from 'preact/hooks';
import type { Status } from '../../api.ts';
import { clock, rate } from '../model/figures.ts';
import { type RateColumns, rateColumns } from '../model/rate-columns.ts';
import { ratesOptions } from './rates-chart.ts';
import { usePlot } from './use-plot.ts';

export function Rates({ status }: { status: Status }) {
  const [broker, setBroker] = useState('');
  const known = status.brokers.some(({ name }) => name === broker) ? broker : '';
  const columns = rateColumns(status.rates, known === '' ? undefined : known);
  const { element, pointed } = usePlot(ratesOptions, [
    columns.at,
    columns.received,
    columns.published.map(value => -value),
  ]);
  const shown = pointed ?? columns.at.length - 1;
  return (
    <section class="rates" aria-labelledby="rates-title">
      <header>
        <h2 id="rates-title">Messages per second</h2>
        <select
          aria-label="Broker of the chart"
          value={known}
          onChange={e => setBroker(e.currentTarget.value)}
        >
          <option value="">all brokers</option>
          {status.brokers.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </header>
      <p class="legend">
        <span class="received">
          received <strong>{rate(columns.received[shown] ?? 0)}</strong>
        </span>
        <span class="published">
          published <strong>{rate(columns.published[shown] ?? 0)}</strong>
        </span>
        <span class="when">{pointed === undefined ? 'now' : clock((columns.at[shown] ?? 0) * 1000)}</span>
      </p>
      <div ref={element} class="chart" role="img" aria-label={spoken(columns)} />
    </section>
  );
}

function spoken({ received, published }: RateColumns): string {
  const highest = (values: readonly number[]) => rate(values.reduce((most, each) => Math.max(most, each), 0));
  return (
    'Chart of the last ten minutes. ' +
    `Received: ${rate(received.at(-1) ?? 0)} per second now, ${highest(received)} at most. ` +
    `Published: ${rate(published.at(-1) ?? 0)} per second now, ${highest(published)} at most.`
  );
}
