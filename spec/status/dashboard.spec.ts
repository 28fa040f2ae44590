/** The dashboard for Grafana queries only metrics that exist, and shows each metric in the panel that its table names. */

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Metric } from '../../lib/status/metric.ts';
import { METRICS } from '../../lib/status/metrics-table.ts';

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const DASHBOARD = JSON.parse(readFileSync('contrib/grafana/mqttrep.json', 'utf8')) as {
  readonly panels: readonly Panel[];
};

/** The names of the time series of a metric. */
function seriesOf({ kind, name }: Metric): string[] {
  return kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

/** The metric that an expression queries. */
function metricIn(expr: string): Metric | undefined {
  const names = [...expr.matchAll(/\b((?:mqttrep|process)_\w+)/g)].map(([, name = '']) => name);
  expect(names, expr).to.have.lengthOf(1);
  return METRICS.find(metric => seriesOf(metric).includes(names[0] ?? ''));
}

describe('the dashboard for Grafana', () => {
  const targets = DASHBOARD.panels.flatMap(({ title, targets: all = [] }) =>
    all.map(target => ({ title, ...target })),
  );

  it('queries only metrics that exist, by labels that they have', () => {
    expect(targets).to.have.length.above(20);
    for (const { title, expr, legendFormat } of targets) {
      const metric = metricIn(expr);
      expect(metric, `${title}: ${expr}`).not.to.equal(undefined);
      const used = [
        ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label),
        ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', ')),
        ...[...expr.matchAll(/(\w+)=~?"/g)].map(([, label]) => label),
      ];
      // Prometheus adds `job` and `instance`; a bucket of a histogram has `le`.
      const bucket = metric?.kind === 'histogram' ? ['le'] : [];
      const known = [...(metric?.labels ?? []), ...bucket, 'job', 'instance'];
      for (const label of used) expect(known, `${title}: ${expr}`).to.include(label);
    }
  });

  for (const metric of METRICS.filter(({ panel }) => panel !== null)) {
    it(`shows ${metric.name} in the panel "${metric.panel}"`, () => {
      const titles = targets.filter(({ expr }) => metricIn(expr) === metric).map(({ title }) => title);
      expect(titles).to.include(metric.panel);
    });
  }

  it('leaves out only metrics whose entry says so', () => {
    const shown = new Set(targets.map(({ expr }) => metricIn(expr)));
    const unseen = METRICS.filter(metric => !shown.has(metric));
    expect(unseen.map(({ panel }) => panel)).to.deep.equal(unseen.map(() => null));
  });

  it('has no panel that overlaps another', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of DASHBOARD.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.get(`${x} ${y}`), `${title} overlaps it`).to.equal(undefined);
          expect(x).to.be.below(24);
          taken.set(`${x} ${y}`, title);
        }
      }
    }
  });
});
