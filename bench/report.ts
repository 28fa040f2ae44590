/** Results for people, as a table, and for programs, as JSON. */

import type { Figure, Result, Scenario } from './scenario.ts';
import { median, percentile } from './statistics.ts';

export interface Reported extends Result {
  readonly scenario: string;
}

export function heading({ name, about }: Scenario): string {
  return `\n${name}: ${about}`;
}

export function table({ variant, figures, targets }: Result): string {
  const rows = figures.map(row);
  const widths = [0, 1, 2].map(column => Math.max(...rows.map(cells => cells[column]?.length ?? 0)));
  const [nameWidth = 0, valueWidth = 0, unitWidth = 0] = widths;
  const lines = rows.map(([name, value, unit, range]) =>
    `    ${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)} ${unit.padEnd(unitWidth)}  ${range}`.trimEnd(),
  );
  const title = variant === '' ? [] : [`  ${variant}`];
  const verdicts = targets.map(({ claim, reached }) => `    ${reached ? 'reached' : 'MISSED '}  ${claim}`);
  return [...title, ...lines, ...verdicts, ''].join('\n');
}

/** Infinity has no JSON; what never came is null. */
export function json(results: readonly Reported[]): string {
  return JSON.stringify(results, null, 2);
}

type Row = readonly [name: string, value: string, unit: string, range: string];

/** The median, and where there are several runs the smallest and the largest. */
function row({ name, unit, values }: Figure): Row {
  const range = values.length > 1 ? `${shown(percentile(values, 0))} … ${shown(percentile(values, 1))}` : '';
  return [name, shown(median(values)), unit, range];
}

function shown(value: number): string {
  if (Number.isNaN(value)) return 'unknown';
  if (!Number.isFinite(value)) return 'never';
  const decimals = Number.isInteger(value) || Math.abs(value) >= 1_000 ? 0 : Math.abs(value) >= 100 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
