/** Results as markdown tables for people, and as JSON for programs. */

import type { Column, Figure, Result, Scenario } from './scenario.ts';
import { median, percentile } from './statistics.ts';
import { mosquittoBridge } from './subjects/mosquitto-bridge.ts';
import { shown } from './targets.ts';

export interface Reported extends Result {
  readonly scenario: string;
  readonly about: string;
}

export function heading({ name, about }: Pick<Scenario, 'name' | 'about'>): string {
  return `\n### ${name}\n\n${about}\n`;
}

/** A column for each subject, a row for each figure, and a line for each target. */
export function table({ variant, columns, targets }: Result): string {
  const names = [...new Set(columns.flatMap(({ figures }) => figures.map(nameOf)))];
  const reference = columns.find(({ subject }) => subject === mosquittoBridge.title);
  const rows = [
    [variant, ...columns.map(({ subject }) => subject)],
    ...names.map(name => [name, ...columns.map(column => cell(name, column, reference))]),
  ];
  const notes = columns.flatMap(({ subject, note }) =>
    note === undefined ? [] : [`- ${subject}: ${note.split('\n', 1)}`],
  );
  const verdicts = targets.map(
    ({ claim, figure, reached }) => `- ${reached ? 'reached' : 'MISSED'}: ${claim}; measured: ${figure}`,
  );
  const list = [...notes, ...verdicts];
  return [...aligned(rows), '', ...(list.length > 0 ? [...list, ''] : [])].join('\n');
}

/** JSON has no Infinity: it is written as `never`, and NaN as null. */
export function json(results: readonly Reported[]): string {
  return JSON.stringify(results, (_, value) => (value === Number.POSITIVE_INFINITY ? 'never' : value), 2);
}

/** Reads what `json` wrote. */
export function fromJson(text: string): Reported[] {
  const results: Reported[] = JSON.parse(text);
  const number = (value: unknown) =>
    (value === 'never' ? Number.POSITIVE_INFINITY : (value ?? Number.NaN)) as number;
  return results.map(result => ({
    ...result,
    columns: result.columns.map(column => ({
      ...column,
      figures: column.figures.map(figure => ({ ...figure, values: figure.values.map(number) })),
    })),
  }));
}

/** The name with its unit, as in `Run`. */
export function nameOf({ name, unit }: Figure): string {
  return unit === '' ? name : `${name}, ${unit}`;
}

/** The median, the smallest and the largest value if there are several runs, and the ratio to mosquitto's bridge. */
function cell(name: string, { subject, figures }: Column, reference: Column | undefined): string {
  const values = figures.find(figure => nameOf(figure) === name)?.values ?? [];
  const middle = median(values);
  if (Number.isNaN(middle)) return '–';
  const [least, most] = [percentile(values, 0), percentile(values, 1)];
  const range = least < most ? ` (${shown(least)} … ${shown(most)})` : '';
  const other = median(reference?.figures.find(figure => nameOf(figure) === name)?.values ?? []);
  const ratio =
    subject !== reference?.subject && middle > 0 && other > 0 && other < Infinity
      ? middle / other
      : Number.NaN;
  return `${shown(middle)}${range}${Number.isFinite(ratio) ? ` ${Number(ratio.toPrecision(2))}×` : ''}`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map(cells => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(Math.max(1, width - 1))}:`,
  );
  return rows.flatMap((cells, index) => (index === 0 ? [line(cells), line(rule)] : [line(cells)]));
}
