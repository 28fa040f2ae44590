/** Messages per second over the last ten minutes: received above the axis, published below it. */

import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Status } from '../../api.ts';
import { clock, rate } from '../model/figures.ts';
import { RATES_SPAN } from '../model/live-status.ts';
import { type RateColumns, rateColumns } from '../model/rate-columns.ts';
import { useIsDark, useSize } from './hooks.ts';
import { chartOptions } from './rates-chart.ts';

const MIN_SPAN_SECONDS = 60;

export function Rates({ status }: { status: Status }) {
  const [broker, setBroker] = useState('');
  const [pointed, setPointed] = useState<number>();
  const known = status.brokers.some(({ name }) => name === broker) ? broker : '';
  const columns = rateColumns(status.rates, known === '' ? undefined : known);
  const shown = pointed !== undefined && pointed < columns.at.length ? pointed : columns.at.length - 1;
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
      <Chart columns={columns} point={setPointed} />
    </section>
  );
}

interface ChartProps {
  readonly columns: RateColumns;
  readonly point: (index: number | undefined) => void;
}

function Chart({ columns, point }: ChartProps) {
  const { element, width, height } = useSize<HTMLDivElement>();
  const plot = useRef<uPlot | undefined>(undefined);
  const isDark = useIsDark();
  // Also created again for other colours, since a canvas has them painted.
  useEffect(() => {
    const { current } = element;
    if (current === null || width === 0) return;
    const made = new uPlot(chartOptions(current, point), [[], [], []], current);
    plot.current = made;
    return () => made.destroy();
  }, [width, height, isDark, point, element]);
  useEffect(() => {
    const end = columns.at.at(-1) ?? Date.now() / 1000;
    plot.current?.setData([columns.at, columns.received, columns.published.map(value => -value)], false);
    plot.current?.setScale('x', { min: end - spanOf(columns), max: end });
  });
  return <div ref={element} class="chart" role="img" aria-label={spoken(columns)} />;
}

/** Seconds: as far back as there are samples, up to ten minutes. */
function spanOf({ at }: RateColumns): number {
  const known = (at.at(-1) ?? 0) - (at[0] ?? 0);
  return Math.min(Math.max(known, MIN_SPAN_SECONDS), RATES_SPAN / 1000);
}

function spoken({ received, published }: RateColumns): string {
  const highest = (values: readonly number[]) => rate(values.reduce((most, each) => Math.max(most, each), 0));
  return (
    'Chart of the last ten minutes. ' +
    `Received: ${rate(received.at(-1) ?? 0)} per second now, ${highest(received)} at most. ` +
    `Published: ${rate(published.at(-1) ?? 0)} per second now, ${highest(published)} at most.`
  );
}
