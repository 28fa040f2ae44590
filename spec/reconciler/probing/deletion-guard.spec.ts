/** Many deletions that mqttrep did not hear are held until a person decides; few are believed, unless they add up. */

import { expect } from 'chai';
import { DeletionGuard } from '../../../lib/reconciler/probing/deletion-guard.ts';

const NOW = 1_000_000;
const MINUTE_MS = 60_000;

const many = (count: number, name = 't') => Array.from({ length: count }, (_, index) => `${name}${index}`);

describe('DeletionGuard', () => {
  let guard: DeletionGuard;

  beforeEach(() => {
    guard = new DeletionGuard({ topics: 10, percent: 5 });
  });

  const judge = (suspects: readonly string[], held: number, uptime = NOW) =>
    guard.judge(suspects, () => held, uptime);

  it('believes up to ten deletions, and up to 5 % of the topics of a broker', () => {
    expect(judge(many(10), 10)).to.deep.equal({ believed: many(10), held: [] });
    guard.takeHeld();
    expect(judge(many(50), 1_000)).to.deep.equal({ believed: many(50), held: [] });
  });

  it('holds all deletions if there are more, and every later one', () => {
    expect(judge(many(51), 1_000)).to.deep.equal({ believed: [], held: many(51) });
    expect(judge(['other'], 1_000, NOW + 60 * MINUTE_MS)).to.deep.equal({ believed: [], held: ['other'] });
    expect(guard.size).to.equal(52);
    expect(guard.holds('t0')).to.equal(true);
  });

  it('adds up the deletions that it believed within ten minutes', () => {
    expect(judge(many(9), 100).believed).to.have.lengthOf(9);
    expect(judge(many(9, 'u'), 91, NOW + 1_000).held).to.have.lengthOf(9);
  });

  it('forgets the deletions that it believed ten minutes ago', () => {
    judge(many(9), 100);
    expect(judge(many(9, 'u'), 91, NOW + 10 * MINUTE_MS + 1_000).believed).to.have.lengthOf(9);
  });

  it('believes as many more deletions as were heard within a minute, since a broker drops some of a burst', () => {
    for (let index = 0; index < 100; index++) guard.heard(NOW);
    expect(judge(many(110), 200, NOW + MINUTE_MS - 1_000).believed).to.have.lengthOf(110);
  });

  it('ignores deletions that were heard long ago', () => {
    for (let index = 0; index < 100; index++) guard.heard(NOW);
    expect(judge(many(110), 200, NOW + 2 * MINUTE_MS).held).to.have.lengthOf(110);
  });

  it('tells of each topic whose deletion is held, and of each whose deletion is held no longer', () => {
    const told: string[] = [];
    guard = new DeletionGuard({ topics: 10, percent: 5 }, topic =>
      told.push(`${topic} ${guard.holds(topic) ? 'held' : 'free'}`),
    );
    judge(many(11), 100);
    expect(told.splice(0)).to.deep.equal(many(11).map(topic => `${topic} held`));
    guard.release('t0');
    guard.release('t0');
    guard.takeHeld();
    expect(told).to.deep.equal(many(11).map(topic => `${topic} free`));
  });

  it('opens when all topics that it held have been seen again', () => {
    judge(many(20), 100);
    for (const topic of many(19)) guard.release(topic);
    expect(guard.isClosed).to.equal(true);
    guard.release('t19');
    expect(guard.isClosed).to.equal(false);
    expect(judge(['u'], 100).believed).to.deep.equal(['u']);
  });

  it('opens when a person has decided, and counts from zero again', () => {
    judge(many(9), 100);
    judge(many(9, 'u'), 91);
    expect(guard.takeHeld()).to.deep.equal(many(9, 'u'));
    expect(guard.size).to.equal(0);
    expect(judge(many(9, 'v'), 82).believed).to.have.lengthOf(9);
  });

  it('holds the first deletion after a restart if it was closed before', () => {
    guard.recallClosed();
    expect(judge(['t'], 1_000).held).to.deep.equal(['t']);
  });

  it('opens after a restart if no deletion is suspected any more', () => {
    guard.recallClosed();
    guard.openIfEmpty();
    expect(judge(['t'], 1_000).believed).to.deep.equal(['t']);
  });

  it('holds every deletion with a bound of zero, and none with an infinite bound', () => {
    guard.configure({ topics: 0, percent: 0 });
    expect(judge(['t'], 1_000).held).to.deep.equal(['t']);
    guard.takeHeld();
    guard.configure({ topics: Number.POSITIVE_INFINITY, percent: 0 });
    expect(judge(many(1_000), 1_000).believed).to.have.lengthOf(1_000);
  });
});
