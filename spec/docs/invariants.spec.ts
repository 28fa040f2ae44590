/** What docs/reconciliation.md promises by number is checked by the specs that it names, and by no others unknown to it. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const ROOT = join(import.meta.dirname, '../../..');

/** `| I1 | … | spec/… |`, of invariants (I) and counterexamples (C). */
const ROW = /^\| +([IC]\d+) +\|.*\|([^|]*)\|$/gm;

const document = readFileSync(join(ROOT, 'docs/reconciliation.md'), 'utf8');
const promises = rowsOf(ROW);
/** `| F1 | … | … | spec/… |`: faults of others. */
const faults = rowsOf(/^\| +(F\d+) +\|.*\|([^|]*)\|$/gm);

function rowsOf(row: RegExp) {
  return [...document.matchAll(row)].map(([, id = '', specs = '']) => ({
    id,
    specs: specs.match(/spec\/[\w/.-]+\.spec\.ts/g) ?? [],
  }));
}

/** The numbers before the colon in the title of a spec, or in the opening of a file: `I1, I2: …`. */
function numbersIn(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:['"`]|\* )((?:[IC]\d+(?:, )?)+)[:.]/g)].flatMap(([, list = '']) =>
    list.split(', '),
  );
}

describe('docs/reconciliation.md', () => {
  it('numbers its invariants and counterexamples without a gap', () => {
    for (const kind of ['I', 'C']) {
      const numbers = promises.filter(({ id }) => id.startsWith(kind)).map(({ id }) => Number(id.slice(1)));
      expect(numbers).to.deep.equal(Array.from({ length: numbers.length }, (_, index) => index + 1));
      expect(numbers).to.have.length.above(9);
    }
  });

  for (const { id, specs } of promises) {
    it(`has ${id} checked by the specs it names`, () => {
      expect(specs).to.have.length.above(0);
      for (const spec of specs) {
        expect(existsSync(join(ROOT, spec)), `${spec} is there`).to.equal(true);
        expect(numbersIn(join(ROOT, spec)), `numbers in ${spec}`).to.include(id);
      }
    });
  }

  it('numbers the faults of others without a gap', () => {
    const numbers = faults.map(({ id }) => Number(id.slice(1)));
    expect(numbers).to.deep.equal(Array.from({ length: numbers.length }, (_, index) => index + 1));
    expect(numbers).to.have.length.above(20);
  });

  for (const { id, specs } of faults) {
    it(`has ${id} checked by specs that are there`, () => {
      expect(specs).to.have.length.above(0);
      for (const spec of specs) expect(existsSync(join(ROOT, spec)), `${spec} is there`).to.equal(true);
    });
  }

  it('knows every number that a spec names', () => {
    const known = new Set(promises.map(({ id }) => id));
    const files = readdirSync(join(ROOT, 'spec'), { recursive: true, encoding: 'utf8' });
    const specs = files.filter(file => /^(sim|core|cli)\/.*\.spec\.ts$/.test(file));
    for (const spec of specs) {
      const unknown = numbersIn(join(ROOT, 'spec', spec)).filter(number => !known.has(number));
      expect(unknown, `unknown numbers in ${spec}`).to.deep.equal([]);
    }
  });
});
