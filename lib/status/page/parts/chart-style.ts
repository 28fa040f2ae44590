/** What the charts have in common. The colours are those of the style sheet. */

import type uPlot from 'uplot';
import { clock } from '../model/figures.ts';

export interface ChartStyle {
  /** @param name of a custom property, without its dashes */
  readonly colour: (name: string) => string;
  readonly axis: uPlot.Axis;
  /** The axis of the times. */
  readonly times: uPlot.Axis;
  /** What is the same for each chart of this element. */
  readonly common: Pick<uPlot.Options, 'width' | 'height' | 'padding' | 'legend' | 'cursor'>;
}

export function chartStyle(element: HTMLElement): ChartStyle {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const axis = {
    stroke: colour('soft'),
    font: `11px ${style.fontFamily}`,
    ticks: { show: false },
    grid: { stroke: colour('line'), width: 1 },
  };
  return {
    colour,
    axis,
    times: {
      ...axis,
      grid: { show: false },
      size: 26,
      space: 80,
      values: (_, at, __, ___, step) => at.map(one => timeOf(one, step)),
    },
    common: {
      width: element.clientWidth,
      height: element.clientHeight,
      padding: [8, 16, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    },
  };
}

/** @param step seconds to the next label: seconds are part of the text if it is less than a minute */
function timeOf(at: number, step: number): string {
  const time = clock(at * 1000);
  return step < 60 ? time : time.slice(0, 5);
}
