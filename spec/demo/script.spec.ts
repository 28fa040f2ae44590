/** The script must tell the story that it promises, in any time that is given. */

import { expect } from 'chai';
import { DuckPond, TOPICS } from '../../lib/demo/duck-pond.ts';
import { ROUND, roundLength, SCRIPT, SHORTEST_ROUND } from '../../lib/demo/script.ts';
import { REMOTE } from '../../lib/demo/sites.ts';

describe('the demo: the script', () => {
  const cut = SCRIPT.findIndex(({ kind }) => kind === 'cut');
  const heal = SCRIPT.findIndex(({ kind }) => kind === 'heal');
  const meanwhile = SCRIPT.slice(cut + 1, heal);
  const written = (remote: 'there' | 'elsewhere') =>
    meanwhile.flatMap(beat =>
      'site' in beat && (beat.site === REMOTE) === (remote === 'there') ? [beat.topic] : [],
    );

  it('goes forward in time, within the round', () => {
    const times = SCRIPT.map(({ at }) => at);
    expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).to.be.lessThan(1);
  });

  it('cuts, then heals, with a conflict between and deletions elsewhere only', () => {
    expect(cut).to.be.greaterThan(0);
    expect(heal).to.be.greaterThan(cut);
    expect(written('there').some(topic => written('elsewhere').includes(topic))).to.equal(true);
    const deletions = SCRIPT.filter(({ kind }) => kind === 'delete');
    expect(deletions).to.have.lengthOf(1);
    expect(deletions.every(beat => 'site' in beat && beat.site !== REMOTE)).to.equal(true);
  });

  it('fills the time with rounds of about one length', () => {
    expect(roundLength(undefined)).to.equal(ROUND);
    expect(roundLength(7_500)).to.equal(7_500);
    expect(roundLength(50_000)).to.be.closeTo(16_667, 1);
    expect(roundLength(100)).to.equal(SHORTEST_ROUND);
  });

  it('never writes one value twice in a row', () => {
    const pond = new DuckPond();
    for (const topic of Object.values(TOPICS)) {
      const values = Array.from({ length: 50 }, () => pond.next(topic));
      for (const [index, value] of values.entries()) {
        expect(value, topic)
          .not.to.equal('')
          .and.not.to.equal(values[index + 1]);
      }
    }
  });

  it('never writes ducks and degrees back to what they were two writes before, so that a cut shows', () => {
    const pond = new DuckPond();
    const topics = [TOPICS.osloDucks, TOPICS.parisDucks, TOPICS.quebecDucks, TOPICS.parisPond];
    for (const topic of topics) {
      const values = Array.from({ length: 200 }, () => pond.next(topic));
      for (const [index, value] of values.entries()) expect(value, topic).not.to.equal(values[index + 2]);
    }
  });
});
