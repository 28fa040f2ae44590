/** How long changes took to arrive at every broker: the median and the 95th percentile over the last ten minutes. */

import { useMemo } from 'preact/hooks';
import type { Status } from '../../api.ts';
import { convergenceColumns, sentence } from '../model/convergence.ts';
import { counted, elapsed } from '../model/figures.ts';
import { convergenceOptions } from './convergence-chart.ts';
import { usePlot } from './use-plot.ts';

export function Convergence({ status }: { status: Status }) {
  const { convergence, rates } = status;
  const columns = useMemo(() => convergenceColumns(rates), [rates]);
  const { element, pointed } = usePlot(convergenceOptions, [columns.at, columns.median, columns.p95]);
  const shown = pointed ?? columns.median.findLastIndex(median => median !== null);
  const isEmpty = columns.median.every(median => median === null);
  return (
    <section class="convergence" aria-labelledby="convergence-title">
      <header>
        <h2 id="convergence-title">Time to converge</h2>
        <span class="total">{counted(convergence.count, 'change')} since the start</span>
      </header>
      <p class="legend">
        <span class="median">
          median <strong>{figure(columns.median[shown])}</strong>
        </span>
        <span class="p95">
          95th percentile <strong>{figure(columns.p95[shown])}</strong>
        </span>
      </p>
      <div
        ref={element}
        class="chart"
        role="img"
        aria-label={`Chart of the last ten minutes. ${sentence(convergence)}`}
      >
        {isEmpty ? <p class="nothing">Nothing has changed in the last ten minutes.</p> : null}
      </div>
      <p class="sentence">{sentence(convergence)}</p>
    </section>
  );
}

function figure(milliseconds: number | null | undefined): string {
  return milliseconds === null || milliseconds === undefined ? '–' : elapsed(milliseconds);
}
