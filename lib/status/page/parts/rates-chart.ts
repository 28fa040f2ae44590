/** The options of uPlot for the rates. The colours are those of the style sheet. */

import type uPlot from 'uplot';
import { clock, rate } from '../model/figures.ts';

/** The axis extends at least to this rate per second, so that single messages do not fill the chart. */
const MIN_AXIS_RATE = 1;

/** @param point called with the index of the sample under the pointer */
export function chartOptions(
  element: HTMLElement,
  point: (index: number | undefined) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const font = `11px ${style.fontFamily}`;
  const axis = {
    stroke: colour('--soft'),
    font,
    ticks: { show: false },
    grid: { stroke: colour('--line'), width: 1 },
  };
  const area = (name: string): uPlot.Series => ({
    stroke: colour(`--${name}`),
    fill: colour(`--${name}-area`),
    width: 1.5,
    points: { show: false },
  });
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [8, 0, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: true }, y: { range: (_, min, max) => around(min, max) } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 80,
        values: (_, at, __, ___, step) => at.map(one => timeOf(one, step)),
      },
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

/** @param step seconds to the next label: seconds are part of the text if it is less than a minute */
function timeOf(at: number, step: number): string {
  const time = clock(at * 1000);
  return step < 60 ? time : time.slice(0, 5);
}
