import { expect } from 'chai';
import { lineMutants } from './line-mutants.ts';

const mutated = (line: string) => lineMutants(line).map(mutant => mutant.mutated);

describe('The line mutants of a source', () => {
  it('change one operator at a time', () => {
    expect(mutated('x = a === b && c;')).to.deep.equal(['x = a !== b && c;', 'x = a === b || c;', '']);
  });

  it('negate a condition that ends with its line', () => {
    expect(mutated('    if (has(a, b))')).to.deep.equal(['    if (!(has(a, b)))']);
  });

  it('change numbers, booleans and defaults', () => {
    expect(mutated('return 30;')).to.deep.equal(['return 30 + 1;']);
    expect(mutated('return true;')).to.deep.equal(['return false;']);
    expect(mutated('return a ?? b;')).to.deep.equal(['return a ;']);
  });

  it('leave out a statement', () => {
    expect(mutated('    entries.delete(topic);')).to.deep.equal(['']);
    expect(mutated('            continue;')).to.deep.equal(['']);
  });

  it('leave comments, imports, strings and regular expressions alone', () => {
    const source = [
      "import { a } from './a.js';",
      '/* a === b',
      ' * 1 */',
      '// a && b',
      "f('a === 1', /1 + 1/);",
    ];
    expect(lineMutants(source.join('\n')).map(({ line, mutated }) => [line, mutated])).to.deep.equal([
      [5, ''],
    ]);
  });
});
