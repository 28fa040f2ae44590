/** The dashboard for Grafana asks for nothing that is not there, and leaves nothing out. */

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { Measurements } from '../../lib/status/measurements.ts';
import { Metrics } from '../../lib/status/metrics.ts';
import { FakeReplicator } from './fake-replicator.ts';

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const DASHBOARD = JSON.parse(readFileSync('contrib/grafana/mqttrep.json', 'utf8')) as {
  readonly panels: readonly Panel[];
};

/** Names of metrics by the names of the time series that each has, and the labels that these have. */
async function exposed(): Promise<{ families: Map<string, string>; labels: Map<string, Set<string>> }> {
  const replicator = new FakeReplicator('OSLO');
  replicator.brokers.set('OSLO', { received: 1, published: 1, dropped: { publish_refused: 1 } });
  const measurements = new Measurements(replicator.inspected, () => undefined);
  const metrics = new Metrics({
    measurements,
    version: '1.2.3',
    reconcilerRestarts: () => 0,
    displaced: () => 3,
  });
  const families = new Map<string, string>();
  const labels = new Map<string, Set<string>>();
  let family = '';
  for (const line of (await metrics.text()).split('\n')) {
    family = /^# TYPE (\w+) /.exec(line)?.[1] ?? family;
    const [, name, inBraces = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    families.set(name, family);
    const known = labels.get(name) ?? new Set();
    for (const [, label = ''] of inBraces.matchAll(/(\w+)="/g)) known.add(label);
    labels.set(name, known);
  }
  return { families, labels };
}

describe('the dashboard for Grafana', () => {
  const targets = DASHBOARD.panels.flatMap(({ title, targets: all = [] }) =>
    all.map(target => ({ title, ...target })),
  );

  it('queries only metrics that exist, by labels that they have', async () => {
    const { families, labels } = await exposed();
    expect(targets).to.have.length.above(20);
    for (const { title, expr, legendFormat } of targets) {
      const names = [...expr.matchAll(/\b((?:mqttrep|process)_\w+)/g)].map(([, name = '']) => name);
      expect(names, `${title}: ${expr}`).to.have.lengthOf(1);
      const [name = ''] = names;
      expect([...families.keys()], title).to.include(name);
      const used = [
        ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label),
        ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', ')),
        ...[...expr.matchAll(/(\w+)=~?"/g)].map(([, label]) => label),
      ];
      // Prometheus adds these two.
      const known = new Set([...(labels.get(name) ?? []), 'job', 'instance']);
      for (const label of used) expect([...known], `${title}: ${expr}`).to.include(label);
    }
  });

  it('shows every metric', async () => {
    const { families } = await exposed();
    const all = targets.map(({ expr }) => expr).join('\n');
    const unseen = [...new Set(families.values())].filter(family => !all.includes(family));
    expect(unseen).to.deep.equal(['process_start_time_seconds']);
  });

  it('has no panel upon another', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of DASHBOARD.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.get(`${x} ${y}`), `${title} lies upon it`).to.equal(undefined);
          expect(x).to.be.below(24);
          taken.set(`${x} ${y}`, title);
        }
      }
    }
  });
});
