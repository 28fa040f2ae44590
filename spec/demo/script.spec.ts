/** The script shows a cut, a conflict and a heal in any time that is given. */

import { expect } from 'chai';
import { DemoValues, TOPICS } from '../../lib/demo/demo-values.ts';
import { MIN_ROUND_MS, ROUND_MS, roundLength, SCRIPT } from '../../lib/demo/script.ts';
import { REMOTE } from '../../lib/demo/sites.ts';

describe('the script of the demo', () => {
  const cut = SCRIPT.findIndex(({ kind }) => kind === 'cut');
  const heal = SCRIPT.findIndex(({ kind }) => kind === 'heal');
  const meanwhile = SCRIPT.slice(cut + 1, heal);
  const written = (remote: 'there' | 'elsewhere') =>
    meanwhile.flatMap(step =>
      'site' in step && (step.site === REMOTE) === (remote === 'there') ? [step.topic] : [],
    );

  it('lists its steps in the order of their times, within the round', () => {
    const times = SCRIPT.map(({ at }) => at);
    expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).to.be.lessThan(1);
  });

  it('cuts and heals the link, with a conflict in between, and deletes only at the other sites', () => {
    expect(cut).to.be.greaterThan(0);
    expect(heal).to.be.greaterThan(cut);
    expect(written('there').some(topic => written('elsewhere').includes(topic))).to.equal(true);
    const deletions = SCRIPT.filter(({ kind }) => kind === 'delete');
    expect(deletions).to.have.lengthOf(1);
    expect(deletions.every(step => 'site' in step && step.site !== REMOTE)).to.equal(true);
  });

  it('fills the time with rounds of equal length', () => {
    expect(roundLength(undefined)).to.equal(ROUND_MS);
    expect(roundLength(7_500)).to.equal(7_500);
    expect(roundLength(50_000)).to.be.closeTo(16_667, 1);
    expect(roundLength(100)).to.equal(MIN_ROUND_MS);
  });

  it('never writes the same value twice in a row', () => {
    const demoValues = new DemoValues();
    for (const topic of Object.values(TOPICS)) {
      const values = Array.from({ length: 50 }, () => demoValues.next(topic));
      for (const [index, value] of values.entries()) {
        expect(value, topic)
          .not.to.equal('')
          .and.not.to.equal(values[index + 1]);
      }
    }
  });

  it('never writes ducks and degrees back to the value of two writes before, so that a cut is visible', () => {
    const demoValues = new DemoValues();
    const topics = [TOPICS.osloDucks, TOPICS.parisDucks, TOPICS.quebecDucks, TOPICS.parisPond];
    for (const topic of topics) {
      const values = Array.from({ length: 200 }, () => demoValues.next(topic));
      for (const [index, value] of values.entries()) expect(value, topic).not.to.equal(values[index + 2]);
    }
  });
});
