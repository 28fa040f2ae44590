/** docs/metrics.md, from the metrics table. `npm run docs` writes it; spec/docs/generated.spec.ts compares it. */

import type { Metric } from '../lib/status/metric.ts';
import { METRIC_GROUPS } from '../lib/status/metrics-table.ts';

export function metricsDocument(): string {
  return `<!-- npm run docs makes this file from lib/status/*-metrics.ts. Do not edit it by hand. -->

# Metrics

\`/metrics\` of the status server has them for Prometheus. Counters start at 0 with the process. No metric has a label for
topics. [\`contrib/grafana/mqttrep.json\`](../contrib/grafana/mqttrep.json) is a dashboard for Grafana: import it there and
choose the data source. [operating.md](operating.md) explains the states of topics and brokers.

${METRIC_GROUPS.map(({ title, metrics }) => section(title, metrics)).join('\n\n')}
`;
}

function section(title: string, metrics: readonly Metric[]): string {
  const notes = metrics.filter(metric => metric.notes !== undefined);
  return `## ${title}

| metric | kind | what it is |
| --- | --- | --- |
${metrics.map(row).join('\n')}

${notes.map(({ name, notes: text = '' }) => note(name, text)).join('\n\n')}`;
}

function row({ name, kind, labels, help }: Metric): string {
  const braces = labels.length === 0 ? '' : `{${labels.join(',')}}`;
  return `| \`${name}${braces}\` | ${kind} | ${help} |`;
}

function note(name: string, text: string): string {
  return text.startsWith('- ') ? `\`${name}\`:\n\n${text}` : `\`${name}\`: ${text}`;
}
