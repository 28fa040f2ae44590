/** What seems to have been deleted in masses is held back once, and nothing else is. */

import { expect } from 'chai';
import { Brake } from '../../../lib/reconciler/verification/brake.ts';

const many = (count: number, name = 't') => Array.from({ length: count }, (_, index) => `${name}${index}`);

/** One look: all of these are asked for, and these are absent. */
function look(brake: Brake, of: number, absent: readonly string[], found: readonly string[] = []) {
  brake.begin([...found, ...absent], of);
  const verdicts = [
    ...found.map(topic => brake.answered(topic, 'other')),
    ...absent.map(topic => brake.answered(topic, 'absent')),
  ];
  const last = verdicts.pop();
  expect(verdicts.every(verdict => verdict === undefined)).to.equal(true);
  return last;
}

describe('The brake on mass deletion', () => {
  it('believes what is absent, up to ten topics and up to a fifth of all', () => {
    expect(look(new Brake(), 10, many(10))).to.deep.equal({ deleted: many(10), heldBack: [] });
    expect(look(new Brake(), 100, many(20))).to.deep.equal({ deleted: many(20), heldBack: [] });
  });

  it('holds back more than that, and believes what is still absent at the next look', () => {
    const brake = new Brake();
    expect(look(brake, 100, many(21))).to.deep.equal({ deleted: [], heldBack: many(21) });
    expect(look(brake, 100, many(21))).to.deep.equal({ deleted: many(21), heldBack: [] });
  });

  it('begins anew with what was found meanwhile', () => {
    const brake = new Brake();
    look(brake, 100, many(21));
    look(brake, 100, [], many(21));
    expect(look(brake, 100, many(21))).to.deep.equal({ deleted: [], heldBack: many(21) });
  });

  it('judges by their own number those that are absent for the first time', () => {
    const brake = new Brake();
    look(brake, 100, many(21));
    expect(look(brake, 100, [...many(21), 'other'])).to.deep.equal({
      deleted: [...many(21), 'other'],
      heldBack: [],
    });
    look(brake, 100, many(21));
    const others = many(30, 'other');
    expect(look(brake, 100, [...many(21), ...others])).to.deep.equal({ deleted: many(21), heldBack: others });
  });

  it('decides nothing of a look that the end of the connection cuts short', () => {
    const brake = new Brake();
    brake.begin(many(3), 100);
    brake.answered('t0', 'absent');
    expect(brake.isOpen).to.equal(true);
    expect(brake.abort()).to.deep.equal(['t0']);
    expect(brake.isOpen).to.equal(false);
    expect(brake.answered('t1', 'absent')).to.equal(undefined);
  });
});
