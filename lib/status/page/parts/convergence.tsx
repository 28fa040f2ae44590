/** How long changes took to arrive at every broker. */

import type { Histogram } from '../../api.ts';
import { columns, sentence } from '../model/convergence.ts';
import { count, counted, elapsed } from '../model/figures.ts';

/** In the units of the picture. */
const HEIGHT = 96;

export function Convergence({ histogram }: { histogram: Histogram }) {
  const bars = columns(histogram);
  return (
    <section class="convergence" aria-labelledby="convergence-title">
      <header>
        <h2 id="convergence-title">Time to converge</h2>
        <span class="total">{counted(histogram.count, 'change')}</span>
      </header>
      {bars.length === 0 ? null : (
        <div class="histogram" role="img" aria-label={`Histogram. ${sentence(histogram)}`}>
          {bars.map(({ from, upTo, count: times, height }) => (
            <div key={String(upTo)} class="bin" title={`${label(from, upTo)}: ${counted(times, 'change')}`}>
              <span class="times">{times === 0 ? '' : count(times)}</span>
              <svg viewBox={`0 0 10 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
                <rect
                  y={HEIGHT - Math.max(height * HEIGHT, times > 0 ? 2 : 0.5)}
                  width="10"
                  height={HEIGHT}
                />
              </svg>
              <span class="bound">{upTo === null ? 'more' : elapsed(upTo)}</span>
            </div>
          ))}
        </div>
      )}
      <p class="sentence">{sentence(histogram)}</p>
    </section>
  );
}

function label(from: number, upTo: number | null): string {
  return upTo === null ? `more than ${elapsed(from)}` : `${elapsed(from)} to ${elapsed(upTo)}`;
}
