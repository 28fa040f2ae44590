/** How `diff` prints topics, payloads and reasons that others chose. */

import { expect } from 'chai';
import { diffText } from '../../lib/cli/diff-report.ts';
import { type BrokerSnapshot, retainedStateOf } from '../../lib/comparison/retained-state.ts';

const EVIL = '\u001b[2J\u009b31m\n\u2028\u202E';

describe('the report of differences', () => {
  const text = (topic: string, snapshots: ReadonlyMap<string, BrokerSnapshot>, reason = '') =>
    diffText([{ name: 'GONE', state: 'not read', reason }], {
      compared: 1,
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
    expect(report.split('\n')).to.have.lengthOf(7);
    expect(report).to.contain('"a/\\u001b[2J\\u009b31m\\n\\u2028\\u202e"');
  });

  it('shows only the beginning of long values', () => {
    const snapshots = new Map<string, BrokerSnapshot>([
      ['OSLO', retainedStateOf(Buffer.from('x'.repeat(10_000)), undefined)],
      ['PARIS', retainedStateOf(Buffer.alloc(10_000, 0xff), undefined)],
    ]);
    expect(text('t'.repeat(60_000), snapshots, 'r'.repeat(60_000)).length).to.be.below(1_000);
  });
});
