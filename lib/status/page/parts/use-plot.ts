/** A chart of uPlot that fills its element, follows its size and the colours, and shows the last ten minutes. */

import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { RATES_SPAN } from '../model/live-status.ts';
import { useIsDark, useSize } from './hooks.ts';

const MIN_SPAN_SECONDS = 60;

/** @param point is called with the index of the sample under the pointer */
export type ChartOptions = (
  element: HTMLElement,
  point: (index: number | undefined) => void,
) => uPlot.Options;

/** The first column has the times, in seconds since 1970. */
export function usePlot(options: ChartOptions, columns: readonly [number[], ...(number | null)[][]]) {
  const { element, width, height } = useSize<HTMLDivElement>();
  const plot = useRef<uPlot | undefined>(undefined);
  const [pointed, setPointed] = useState<number>();
  const isDark = useIsDark();
  // Also created again for other colours, since a canvas has them painted.
  useEffect(() => {
    const { current } = element;
    if (current === null || width === 0) return;
    const made = new uPlot(
      options(current, setPointed),
      columns.map(() => []) as unknown as uPlot.AlignedData,
      current,
    );
    plot.current = made;
    return () => made.destroy();
  }, [width, height, isDark, options, element]);
  useEffect(() => {
    const [at] = columns;
    const end = at.at(-1) ?? Date.now() / 1000;
    plot.current?.setData(columns as unknown as uPlot.AlignedData, false);
    plot.current?.setScale('x', { min: end - spanOf(at), max: end });
  });
  return { element, pointed: pointed !== undefined && pointed < columns[0].length ? pointed : undefined };
}

/** Seconds: as far back as there are samples, up to ten minutes. */
function spanOf(at: readonly number[]): number {
  const known = (at.at(-1) ?? 0) - (at[0] ?? 0);
  return Math.min(Math.max(known, MIN_SPAN_SECONDS), RATES_SPAN / 1000);
}
