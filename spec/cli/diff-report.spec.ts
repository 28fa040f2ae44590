/** How `diff` prints topics, payloads and reasons that others chose. */

import { expect } from 'chai';
import { diffJson, diffText } from '../../lib/cli/diff-report.ts';
import { type BrokerSnapshot, retainedStateOf } from '../../lib/comparison/retained-state.ts';
import { rowOf } from './command.ts';

const EVIL = '\u001b[2J\u009b31m\n\u2028\u202E';

describe('the report of differences', () => {
  const text = (topic: string, snapshots: ReadonlyMap<string, BrokerSnapshot>, reason = '') =>
    diffText([{ name: 'GONE', state: 'not read', reason }], {
      compared: 1,
      brokers: [],
      diverging: [{ topic, snapshots: snapshots }],
      unknown: [],
      incomplete: [],
    });

  it('has a line for each broker, and no control characters for a terminal', () => {
    const snapshots = new Map<string, BrokerSnapshot>([
      ['OSLO', retainedStateOf(Buffer.from(EVIL), `[null,"${EVIL}"]`)],
      ['PARIS', retainedStateOf(Buffer.from(EVIL), '')],
    ]);
    const report = text(`a/${EVIL}`, snapshots, `said ${EVIL}`);
    for (const line of report.split('\n')) expect(line).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}]/u);
    expect(report.split('\n')).to.have.lengthOf(9);
    expect(report).to.contain('"a/\\u001b[2J\\u009b31m\\n\\u2028\\u202e"');
  });

  it('shows only the beginning of long values', () => {
    const snapshots = new Map<string, BrokerSnapshot>([
      ['OSLO', retainedStateOf(Buffer.from('x'.repeat(10_000)), undefined)],
      ['PARIS', retainedStateOf(Buffer.alloc(10_000, 0xff), undefined)],
    ]);
    expect(text('t'.repeat(60_000), snapshots, 'r'.repeat(60_000)).length).to.be.below(1_000);
  });

  it('prints so many topics at most, how many more there are, and the counts of each broker', () => {
    const [old, now] = ['1', '2'].map(payload => retainedStateOf(Buffer.from(payload), ''));
    if (old === undefined || now === undefined) throw new Error('no states');
    const lacking = Array.from({ length: 5 }, (_, index) => ({
      topic: `lacking/${index}`,
      snapshots: new Map<string, BrokerSnapshot>([
        ['OSLO', now],
        ['PARIS', 'absent'],
      ]),
    }));
    const differing = {
      topic: 'differing',
      snapshots: new Map<string, BrokerSnapshot>([
        ['OSLO', now],
        ['PARIS', old],
      ]),
    };
    const comparison = {
      compared: 20,
      brokers: [
        { name: 'OSLO', retained: 20 },
        { name: 'PARIS', retained: 15 },
      ],
      diverging: [differing, ...lacking],
      unknown: [],
      incomplete: [],
    };
    const read = (['OSLO', 'PARIS'] as const).map(name => ({ name, state: 'read' as const, reason: '' }));
    const report = diffText(read, comparison, 2);
    expect(report.match(/^"/gm)).to.have.lengthOf(2);
    expect(report).to.contain('… and 4 more (--limit shows more');
    expect(rowOf(report, 'OSLO')).to.include({ retains: '20', lacks: '0', 'differs in': '1' });
    expect(rowOf(report, 'PARIS')).to.include({ retains: '15', lacks: '5', 'differs in': '1' });
    expect(diffText(read, comparison, 6)).not.to.contain('more');
    expect(diffJson(read, comparison, 2)).to.deep.include({ divergingTopics: 6 });
  });
});
