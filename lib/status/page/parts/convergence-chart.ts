/** The options of uPlot for the times to converge: two lines on a logarithmic axis, with the area between them filled. */

import uPlot from 'uplot';
import { alone } from '../model/convergence.ts';
import { elapsed } from '../model/figures.ts';
import { chartStyle } from './chart-style.ts';

export function convergenceOptions(
  element: HTMLElement,
  point: (index: number | undefined) => void,
): uPlot.Options {
  const { colour, axis, times, common } = chartStyle(element);
  const line = (name: string, width: number): uPlot.Series => ({
    stroke: colour(name),
    width,
    spanGaps: false,
    points: {
      show: true,
      size: 4,
      fill: colour(name),
      filter: ({ data }, series) => alone(data[series] ?? []),
    },
  });
  return {
    ...common,
    scales: {
      x: { time: true },
      y: { distr: 3, log: 10, range: (_, min, max) => uPlot.rangeLog(min ?? 10, max ?? 100, 10, true) },
    },
    axes: [
      times,
      {
        ...axis,
        size: 54,
        space: 26,
        filter: powersOfTen,
        grid: { ...axis.grid, filter: powersOfTen },
        values: (_, values) => values.map(value => (value === null ? '' : elapsed(value))),
      },
    ],
    bands: [{ series: [2, 1], fill: colour('received-area') }],
    series: [{}, line('received', 2), line('p95', 1.25)],
    hooks: { setCursor: [plot => point(plot.cursor.idx ?? undefined)] },
  };
}

/** There is no room for more lines and labels. */
function powersOfTen(_: uPlot, splits: number[]): (number | null)[] {
  return splits.map(value => (Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6) ? value : null));
}
