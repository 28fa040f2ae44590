/**
 * The picture of a run for docs/performance.md: bars for some figures, one panel for each figure. It is one file without
 * scripts or fonts, and adapts to a light or dark background.
 */

import { nameOf, type Reported } from './report.ts';
import { DIVERGING, EQUAL_AFTER, P50, TOTAL_COST, TOTAL_PEAK } from './run-load.ts';
import type { Column } from './scenario.ts';
import { median } from './statistics.ts';
import { shown } from './targets.ts';

interface Panel {
  readonly title: string;
  readonly scenario: string;
  readonly figure: string;
  readonly unit: string;
}

const PANELS: readonly Panel[] = [
  { title: 'Flood: CPU of all a message', scenario: 'flood', figure: TOTAL_COST, unit: 'µs' },
  { title: 'Flood: peak memory of all', scenario: 'flood', figure: TOTAL_PEAK, unit: 'MB' },
  { title: 'First contact: until equal', scenario: 'first-contact', figure: EQUAL_AFTER, unit: 's' },
  { title: 'A wiped broker: until equal again', scenario: 'refill', figure: EQUAL_AFTER, unit: 's' },
  { title: 'Fan-out: CPU of all a message', scenario: 'fan-out', figure: TOTAL_COST, unit: 'µs' },
  { title: 'Trickle: median latency', scenario: 'trickle', figure: P50, unit: 'ms' },
];

const WIDTH = 800;
const COLUMNS = 2;
const PANEL_WIDTH = WIDTH / COLUMNS;
const LABEL_WIDTH = 185;
const VALUE_WIDTH = 90;
const ROW = 20;
const TITLE = 28;
const GAP = 16;

const STYLE = `
    text { font: 12px system-ui, sans-serif; fill: #24292f; }
    .title { font-weight: 600; font-size: 13px; }
    .own { fill: #0a7ea4; } .peer { fill: #b6bec8; }
    .differs { fill: none; stroke: #b6bec8; stroke-dasharray: 3 2; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; } .own { fill: #3fb6dd; } .peer { fill: #5b6570; } .differs { stroke: #8b949e; }
    }`;

/** A panel without measurements is left out. Of several variants, the last one is shown. */
export function picture(results: readonly Reported[]): string {
  const panels = PANELS.flatMap(panel => {
    const result = results.findLast(
      ({ scenario, columns }) =>
        scenario === panel.scenario && columns.some(column => known(column, panel.figure)),
    );
    return result === undefined
      ? []
      : [{ panel: { ...panel, title: titleOf(panel, result) }, columns: result.columns }];
  });
  let y = 0;
  const drawn: string[] = [];
  for (let index = 0; index < panels.length; index += COLUMNS) {
    const line = panels.slice(index, index + COLUMNS);
    for (const [place, { panel, columns }] of line.entries()) {
      const moved = `translate(${place * PANEL_WIDTH} ${y})`;
      drawn.push(`  <g transform="${moved}">\n${bars(panel, columns)}\n  </g>`);
    }
    y += Math.max(...line.map(({ columns }) => TITLE + columns.length * ROW + GAP));
  }
  const height = y + ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="mqttrep beside mosquitto's bridge, an MQTT.js script and Node-RED">
  <style>${STYLE}
  </style>
${drawn.join('\n')}
  <text x="8" y="${height - 6}">Shorter is better. Dashed: the brokers did not end equal.</text>
</svg>
`;
}

function titleOf({ title }: Panel, { variant }: Reported): string {
  return variant === '' ? title : `${title}, ${variant}`;
}

function bars({ title, figure, unit }: Panel, columns: readonly Column[]): string {
  const values = columns.map(column => value(column, figure));
  const longest = Math.max(...values.filter(Number.isFinite));
  const room = PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const rows = columns.map((column, index) => {
    const y = TITLE + index * ROW;
    const measured = values[index] ?? Number.NaN;
    const length = Number.isNaN(measured) ? 0 : Math.max(1, (Math.min(measured, longest) / longest) * room);
    const text = Number.isNaN(measured)
      ? '–'
      : Number.isFinite(measured)
        ? `${shown(measured)} ${unit}`
        : 'never';
    return [
      `    <text x="${LABEL_WIDTH - 6}" y="${y + 13}" text-anchor="end">${escaped(column.subject)}</text>`,
      `    <rect class="${look(column)}" x="${LABEL_WIDTH}" y="${y + 3}" width="${length.toFixed(1)}" height="${ROW - 7}" rx="2"/>`,
      `    <text x="${(LABEL_WIDTH + length + 6).toFixed(1)}" y="${y + 13}">${text}</text>`,
    ].join('\n');
  });
  return [`    <text class="title" x="8" y="18">${escaped(title)}</text>`, ...rows].join('\n');
}

function look(column: Column): 'own' | 'peer' | 'differs' {
  if (value(column, DIVERGING) !== 0) return 'differs';
  return column.subject.startsWith('mqttrep') ? 'own' : 'peer';
}

function known(column: Column, figure: string): boolean {
  return !Number.isNaN(value(column, figure));
}

function value({ figures }: Column, name: string): number {
  return median(figures.find(figure => nameOf(figure) === name)?.values ?? []);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
