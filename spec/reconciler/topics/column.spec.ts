/** A column is an array, whatever it keeps only once. */

import { expect } from 'chai';
import fc from 'fast-check';
import { Column } from '../../../lib/reconciler/topics/column.ts';

const LENGTH = 40;

describe('Column', () => {
  for (const different of [1, 3, 16, 17, 200]) {
    it(`has at each place the value that was set there last, with up to ${different} different ones`, () => {
      const value = fc.nat(different - 1).map(String);
      const setting = fc.record({ at: fc.nat(LENGTH - 1), value: fc.option(value, { nil: undefined }) });
      fc.assert(
        fc.property(fc.array(setting, { maxLength: 100 }), settings => {
          const column = new Column<string | undefined>(LENGTH, '0');
          const model = new Array<string | undefined>(LENGTH).fill('0');
          for (const { at, value } of settings) {
            column.set(at, value);
            model[at] = value;
          }
          expect(model.map((_, at) => column.get(at))).to.deep.equal(model);
        }),
      );
    });
  }

  it('returns the very object that was set, also after more were set than it keeps once', () => {
    const objects = Array.from({ length: LENGTH }, () => ({}));
    const column = new Column<object>(LENGTH, objects[0] ?? {});
    for (const [at, object] of objects.entries()) column.set(at, object);
    for (const [at, object] of objects.entries()) expect(column.get(at)).to.equal(object);
  });

  it('has the first value again at a place that is cleared', () => {
    const column = new Column(LENGTH, 'usual');
    column.set(3, 'other');
    column.clear(3);
    expect(column.get(3)).to.equal('usual');
  });
});
