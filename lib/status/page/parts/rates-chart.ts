/** The options of uPlot for the rates. */

import type uPlot from 'uplot';
import { rate } from '../model/figures.ts';
import { chartStyle } from './chart-style.ts';

/** The axis extends at least to this rate per second, so that single messages do not fill the chart. */
const MIN_AXIS_RATE = 1;

/** @param point called with the index of the sample under the pointer */
export function ratesOptions(
  element: HTMLElement,
  point: (index: number | undefined) => void,
): uPlot.Options {
  const { colour, axis, times, common } = chartStyle(element);
  const area = (name: string): uPlot.Series => ({
    stroke: colour(name),
    fill: colour(`${name}-area`),
    width: 1.5,
    points: { show: false },
  });
  return {
    ...common,
    scales: { x: { time: true }, y: { range: (_, min, max) => around(min, max) } },
    axes: [
      times,
      { ...axis, size: 44, space: 28, values: (_, values) => values.map(value => rate(Math.abs(value))) },
    ],
    series: [{}, area('received'), area('published')],
    hooks: { setCursor: [plot => point(plot.cursor.idx ?? undefined)] },
  };
}

function around(min: number | null, max: number | null): [number, number] {
  const up = Math.max(max ?? 0, MIN_AXIS_RATE);
  const down = Math.min(min ?? 0, -MIN_AXIS_RATE);
  return [down * 1.1, up * 1.1];
}
