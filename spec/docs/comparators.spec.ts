/** The table of comparators in README.md is complete. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { COMPARATORS } from '../../lib/core/merge-chain.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('README.md', () => {
  it('lists each comparator', () => {
    const [, after = ''] = readFileSync(join(ROOT, 'README.md'), 'utf8').split('## How a winner is chosen\n');
    const [section = ''] = after.split('\n## ');
    const cells = [...section.matchAll(/^\| (`[^|]+)\|/gm)].map(([, cell = '']) => cell);
    const names = cells.flatMap(cell => [...cell.matchAll(/`(\w+)[:`]/g)].map(([, name]) => name));
    expect(names).to.have.members(COMPARATORS);
  });
});
