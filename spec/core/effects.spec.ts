/** docs/reconciliation.md has the table of events and effects that the compiler knows. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { EFFECTS } from '../../lib/core/effects.ts';

const ROOT = join(import.meta.dirname, '../../..');
const document = readFileSync(join(ROOT, 'docs/reconciliation.md'), 'utf8');

/** The code spans of a cell of a table. */
function spansIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
}

/** The cells of the rows of the table with this header. */
function rowsOf(header: string): string[][] {
  const [, after = ''] = document.split(`${header}\n`);
  const [table = ''] = after.split('\n\n');
  return table
    .split('\n')
    .slice(1)
    .map(row => row.split('|').slice(1, -1));
}

describe('The tables of docs/reconciliation.md', () => {
  it('list the effects of each event', () => {
    const rows = rowsOf('| event | what happened | effects |');
    const documented = rows.map(([event = '', , effects = '']) => [spansIn(event)[0], spansIn(effects)]);
    expect(Object.fromEntries(documented)).to.deep.equal(EFFECTS);
  });

  it('explain each effect', () => {
    const explained = rowsOf('| effect | what follows |').flatMap(([effects = '']) => spansIn(effects));
    expect(explained).to.have.members([...new Set(Object.values(EFFECTS).flat())]);
  });
});
