/** The alert rules for Prometheus query only metrics that exist, by labels that they have. */

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { METRICS } from '../../lib/status/metrics-table.ts';

const RULES = readFileSync('contrib/prometheus/mqttrep.rules.yml', 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly text: string;
}

const rules: readonly Rule[] = RULES.split(/^ {6}- alert: /m)
  .slice(1)
  .map(text => ({
    alert: /^\w+/.exec(text)?.[0] ?? '',
    expr: /^ {8}expr: (.+)$/m.exec(text)?.[1] ?? '',
    text,
  }));

describe('the alert rules for Prometheus', () => {
  it('have a name of their own each, a severity and a summary', () => {
    expect(new Set(rules.map(({ alert }) => alert))).to.have.property('size', rules.length);
    expect(rules).to.have.length.above(5);
    for (const { alert, expr, text } of rules) {
      expect(expr, alert).not.to.equal('');
      expect(text, alert)
        .to.match(/severity: (critical|warning)/)
        .and.match(/summary: "/);
    }
  });

  for (const { alert, expr, text } of rules) {
    it(`${alert} queries metrics that exist, and names labels that they have`, () => {
      const names = expr.match(/\bmqttrep_\w+/g) ?? [];
      const metrics = names.map(name => METRICS.find(metric => metric.name === name));
      expect(metrics, expr).not.to.include(undefined);
      if (names.length === 0) expect(expr).to.contain('up{job="mqttrep"}');
      const known = ['instance', ...metrics.flatMap(metric => metric?.labels ?? [])];
      const used = [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
      for (const label of used) expect(known, alert).to.include(label);
    });
  }

  it('warn of a connection that carries nothing, and of changes that do not arrive', () => {
    expect(RULES)
      .to.contain('mqttrep_heartbeat_age_seconds')
      .and.contain('mqttrep_oldest_undelivered_change_age_seconds');
  });
});
