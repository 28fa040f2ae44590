/** Targets, each with the figure that decides whether it was reached. */

import type { Target } from './scenario.ts';

/**
 * Returns no target if the limit is unknown, because what it compares with was not measured.
 * @param unit the unit of the value and of the limit
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

/** At most so many times what mosquitto's bridge takes for the same work. */
export function atMostTimes(
  claim: string,
  factor: number,
  value: number,
  ofBridge: number,
  unit: string,
): Target[] {
  return atMost(`${claim}, ${factor} times that of mosquitto's bridge`, value, factor * ofBridge, unit);
}

/** @param unit the unit of the value and of the limit */
export function atLeast(claim: string, value: number, limit: number, unit: string): Target[] {
  return [
    {
      claim: `${claim}: at least ${shown(limit)} ${unit}`,
      figure: `${shown(value)} ${unit}`,
      reached: value >= limit,
    },
  ];
}

export function none(claim: string, value: number): Target[] {
  return [{ claim, figure: value === 0 ? 'none' : shown(value), reached: value === 0 }];
}

/** A number for people, with few digits, because the measurements are not more precise. */
export function shown(value: number): string {
  if (Number.isNaN(value)) return 'unknown';
  if (!Number.isFinite(value)) return 'never';
  const size = Math.abs(value);
  const decimals = Number.isInteger(value) || size >= 1_000 ? 0 : size >= 100 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
