/** The table of docs/brokers.md says what the results say. */

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { loadResults, type Result } from './results.ts';
import { withTable } from './table.ts';

const document = readFileSync(new URL('../../../docs/brokers.md', import.meta.url), 'utf8');

const result: Result = {
  title: 'NATS',
  source: '',
  version: '2.9.10',
  protocol: 'MQTT 3.1.1',
  transport: 'tcp',
  limits: ['QoS 1 at most'],
  pairs: [
    { partner: 'Mosquitto', passed: 27, failed: [] },
    { partner: 'itself', passed: 25, failed: ['stops in order'] },
  ],
};

describe('docs/brokers.md', () => {
  it('holds the results as they are', () => {
    expect(withTable(document, loadResults())).to.equal(document);
  });

  it('names what failed, and what was not run', () => {
    const written = withTable(document, new Map([['nats', result]]));
    expect(written).to.contain(
      '| NATS 2.9.10 | MQTT 3.1.1 | 27 of 27 | 25 of 26; not: stops in order | not run | QoS 1 at most |',
    );
    expect(written).to.contain('| RabbitMQ |  | not run yet | not run yet |  |  |');
  });

  it('has the cases of event topics in a column, and what the broker does with a session in a table', () => {
    const limits = ['keeps all of 1100', 'window 1024'];
    const pairs = [
      { partner: 'Mosquitto', passed: 6, failed: [] },
      { partner: 'itself', passed: 5, failed: ['stops in order'] },
    ];
    const written = withTable(document, new Map([['nats', { ...result, events: { limits, pairs } }]]));
    expect(written).to.contain('| 25 of 26; not: stops in order | 11 of 12 | QoS 1 at most |');
    expect(written).to.contain(
      '| NATS 2.9.10 | MQTT 3.1.1 | 6 of 6 | 5 of 6; not: stops in order | keeps all of 1100; window 1024 |',
    );
  });

  it('says of a row that came to no result why', () => {
    const written = withTable(
      document,
      new Map([['mosquitto-5-tls', { ...result, pairs: [], mishap: 'broke off' as const }]]),
    );
    expect(written).to.contain('| Mosquitto | MQTT 5, TLS | broke off | broke off |  |  |');
  });
});
