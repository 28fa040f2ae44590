/** Claims about figures, each with the figure that decides it. */

import type { Target } from './scenario.ts';

/**
 * No claim at all where the limit is unknown, since what is compared with was not measured.
 * @param unit of both the value and the limit
 */
export function atMost(claim: string, value: number, limit: number, unit: string): Target[] {
  if (!Number.isFinite(limit)) return [];
  return [
    {
      claim: `${claim}: at most ${shown(limit)} ${unit}`,
      figure: `${shown(value)} ${unit}`,
      reached: value <= limit,
    },
  ];
}

export function none(claim: string, value: number): Target[] {
  return [{ claim, figure: value === 0 ? 'none' : shown(value), reached: value === 0 }];
}

/** A number as people read it; few digits, since no more can be trusted. */
export function shown(value: number): string {
  if (Number.isNaN(value)) return 'unknown';
  if (!Number.isFinite(value)) return 'never';
  const size = Math.abs(value);
  const decimals = Number.isInteger(value) || size >= 1_000 ? 0 : size >= 100 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
