/** How deep topics may be is learned from topics that the broker hung up on, and only from good evidence. */

import { expect } from 'chai';
import { LevelLimit, levelsOf } from '../../../lib/broker/capabilities/level-limit.ts';

const TEN_MINUTES_MS = 10 * 60_000;

const deep = (levels: number, name = 'l') => Array.from({ length: levels }, () => name).join('/');

describe('LevelLimit', () => {
  let limit: LevelLimit;

  beforeEach(() => {
    limit = new LevelLimit();
    for (const levels of [1, 3, 9]) limit.accepted(deep(levels));
  });

  for (const [topic, levels] of [
    ['a', 1],
    ['a/b', 2],
    ['/', 2],
    ['', 1],
    ['a//b/', 4],
  ] as const) {
    it(`counts ${levels} levels of ${JSON.stringify(topic)}`, () => expect(levelsOf(topic)).to.equal(levels));
  }

  it('is learned from three topics, each deeper than all that the broker accepted', () => {
    expect(limit.hungUpOn(deep(12), 0)).to.equal(undefined);
    expect(limit.hungUpOn(deep(11), 0)).to.equal(undefined);
    expect(limit.levels).to.equal(Number.POSITIVE_INFINITY);
    expect(limit.hungUpOn(deep(14), 0)).to.equal(10);
    expect(limit.refuses(deep(11), 0)).to.equal(true);
    expect(limit.refuses(deep(10), 0)).to.equal(false);
  });

  it('is returned once as new', () => {
    for (let time = 0; time < 3; time++) limit.hungUpOn(deep(12), 0);
    expect(limit.hungUpOn(deep(12), 0)).to.equal(undefined);
  });

  it('is not learned if the broker accepted a topic as deep', () => {
    for (let time = 0; time < 5; time++) expect(limit.hungUpOn(deep(9, 'a b'), 0)).to.equal(undefined);
    expect(limit.levels).to.equal(Number.POSITIVE_INFINITY);
  });

  it('is not learned from topics that are not deep', () => {
    const fresh = new LevelLimit();
    for (let time = 0; time < 5; time++) expect(fresh.hungUpOn(deep(3, 'a b'), 0)).to.equal(undefined);
    expect(fresh.levels).to.equal(Number.POSITIVE_INFINITY);
  });

  it('lets one deeper topic be sent every ten minutes, and is dropped once that is accepted', () => {
    for (let time = 0; time < 3; time++) limit.hungUpOn(deep(11), 0);
    expect(limit.refuses(deep(12), TEN_MINUTES_MS - 1)).to.equal(true);
    expect(limit.refuses(deep(12), TEN_MINUTES_MS)).to.equal(false);
    expect(limit.refuses(deep(12), TEN_MINUTES_MS)).to.equal(true);
    limit.accepted(deep(12));
    expect(limit.levels).to.equal(Number.POSITIVE_INFINITY);
  });
});
