/** A path finds own properties of what was decoded, and nothing else. */

import { expect } from 'chai';
import { follow, parsePath, splitUnescaped } from '../../lib/core/merge-path.ts';

describe('splitUnescaped', () => {
  const cases: readonly (readonly [text: string, parts: readonly string[]])[] = [
    ['a.b', ['a', 'b']],
    ['.a', ['', 'a']],
    ['a.', ['a', '']],
    ['', ['']],
    ['\\.a.b', ['\\.a', 'b']],
    ['a\\\\.b', ['a\\\\', 'b']],
  ];
  for (const [text, parts] of cases) {
    it(`splits ${JSON.stringify(text)} at each dot without a backslash before it`, () => {
      expect(splitUnescaped(text, '.')).to.deep.equal(parts);
    });
  }
});

describe('A path', () => {
  const at = (root: unknown, path: string) => follow(root, parsePath(path) as readonly string[]);

  it('finds the text key of a map before the number', () => {
    const both = new Map<unknown, string>([
      ['1', 'text'],
      [1, 'number'],
    ]);
    expect(at(both, '1')).to.equal('text');
    expect(at(new Map([[1, 'number']]), '1')).to.equal('number');
    expect(at(new Map([[-7, 'number']]), '-7')).to.equal('number');
    expect(at(new Map([['a', 'text']]), 'a')).to.equal('text');
  });

  it('finds nothing that an object inherits', () => {
    expect(at({}, 'constructor')).to.equal(undefined);
    expect(at(Object.create(null), 'toString')).to.equal(undefined);
    expect(at({ own: 1 }, 'own')).to.equal(1);
  });

  it('finds nothing inside a byte string or a date', () => {
    expect(at(Uint8Array.of(7), '0')).to.equal(undefined);
    expect(at(Object.assign(new Date(0), { own: 1 }), 'own')).to.equal(undefined);
  });
});
