/** No case is lost between `npm test` and `npm run test:faults`. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const ROOT = join(import.meta.dirname, '../../..');

/** The import by which a spec has more cases in full. */
const IMPORT = /^import \{[^}]*\} from '[^']*\/in-full\.ts';$/m;

describe('The list of specs that run in full', () => {
  it('names exactly the specs with more cases than npm test runs', () => {
    const { spec } = JSON.parse(readFileSync(join(ROOT, '.mocharc.faults.json'), 'utf8')) as {
      readonly spec: readonly string[];
    };
    const withMore = readdirSync(join(ROOT, 'spec'), { recursive: true, encoding: 'utf8' })
      .filter(
        name => name.endsWith('.spec.ts') && IMPORT.test(readFileSync(join(ROOT, 'spec', name), 'utf8')),
      )
      .map(name => `dist/spec/${name.replace('.ts', '.js')}`);
    expect(spec.filter(name => name.endsWith('.spec.js')).sort()).to.deep.equal(withMore.sort());
    expect(withMore).to.have.length.above(0);
  });
});
