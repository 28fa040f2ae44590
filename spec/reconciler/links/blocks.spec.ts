/** What a broker does not take is tried again with growing distance, and the distance forgets nothing too soon. */

import { expect } from 'chai';
import { BLOCKED_AFTER, Blocks } from '../../../lib/reconciler/links/blocks.ts';

const NOW = Date.UTC(2026, 0, 1);

describe('Blocks', () => {
  it('grow in distance with each failure in a row, up to ten minutes', () => {
    const blocks = new Blocks();
    const distances: number[] = [];
    for (let failure = 1; failure <= 8; failure++) {
      expect(blocks.failed('t', NOW)).to.equal(failure);
      let distance = 0;
      while (blocks.mustWait('t', NOW + distance)) distance += 1_000;
      distances.push(distance / 1_000);
    }
    expect(distances).to.deep.equal([1, 4, 16, 64, 256, 600, 600, 600]);
  });

  it('hold up their own topic only', () => {
    const blocks = new Blocks();
    blocks.failed('t', NOW);
    expect(blocks.mustWait('t', NOW)).to.equal(true);
    expect(blocks.mustWait('other', NOW)).to.equal(false);
  });

  it('are due once when their time has come, and again after the next failure', () => {
    const blocks = new Blocks();
    blocks.failed('once', NOW);
    blocks.failed('twice', NOW);
    blocks.failed('twice', NOW);
    expect(blocks.due(NOW + 999)).to.deep.equal([]);
    expect(blocks.due(NOW + 1_000)).to.deep.equal(['once']);
    expect(blocks.mustWait('once', NOW + 1_000)).to.equal(false);
    expect(blocks.due(NOW + 4_000)).to.deep.equal(['twice']);
    expect(blocks.failed('once', NOW + 4_000)).to.equal(2);
    expect(blocks.due(NOW + 7_999)).to.deep.equal([]);
    expect(blocks.due(NOW + 8_000)).to.deep.equal(['once']);
  });

  it('end at a success, and say so where the topic counted as blocked', () => {
    const blocks = new Blocks();
    expect(blocks.succeeded('t')).to.equal(false);
    for (let failure = 1; failure < BLOCKED_AFTER; failure++) blocks.failed('t', NOW);
    expect(blocks.succeeded('t')).to.equal(false);
    for (let failure = 1; failure <= BLOCKED_AFTER; failure++) blocks.failed('t', NOW);
    expect(blocks.succeeded('t')).to.equal(true);
    expect(blocks).to.include({ size: 0 });
    expect(blocks.failed('t', NOW)).to.equal(1);
  });

  it('are due at once when the broker returns, and grow on from where they were', () => {
    const blocks = new Blocks();
    for (let failure = 1; failure <= 5; failure++) blocks.failed('topic', NOW);
    blocks.valueRefused('value', NOW);
    blocks.returned(NOW + 1);
    expect(blocks.due(NOW + 1)).to.deep.equal(['topic', 'value']);
    expect(blocks.isBlocked('topic')).to.equal(true);
    expect(blocks.failed('topic', NOW + 1)).to.equal(6);
  });

  it('take no room when all is well', () => {
    const blocks = new Blocks();
    blocks.failed('a', NOW);
    blocks.failed('b', NOW);
    expect(blocks).to.include({ size: 2 });
    blocks.clear();
    expect(blocks).to.include({ size: 0 });
    expect(blocks.due(Number.POSITIVE_INFINITY)).to.deep.equal([]);
  });
});
