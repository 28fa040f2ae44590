/** A topic that a broker does not take is retried with growing delays, and holds up no other topic. */

import { expect } from 'chai';
import {
  BLOCKED_AFTER,
  BlockedTopics,
  type Cause,
  RELEASED_TOPICS,
} from '../../../lib/reconciler/links/blocked-topics.ts';

const NOW = Date.UTC(2026, 0, 1);

describe('BlockedTopics', () => {
  it('retries with delays that grow with each failure in a row, up to ten minutes', () => {
    const blocks = new BlockedTopics();
    const distances: number[] = [];
    for (let failure = 1; failure <= 8; failure++) {
      expect(blocks.failed('t', NOW)).to.equal(failure);
      let distance = 0;
      while (blocks.mustWait('t', NOW + distance)) distance += 1_000;
      distances.push(distance / 1_000);
    }
    expect(distances).to.deep.equal([1, 4, 16, 64, 256, 600, 600, 600]);
  });

  it('doubles the delay if the broker denies the topic by a reason code, up to ten minutes', () => {
    const blocks = new BlockedTopics();
    const distances: number[] = [];
    let now = NOW;
    for (let failure = 1; failure <= 12; failure++) {
      blocks.failed('t', now, 'right');
      const distance = (blocks.retryAt('t') ?? now) - now;
      distances.push(distance / 1_000);
      now += distance;
      expect(blocks.due(now)).to.deep.equal(['t']);
    }
    expect(distances).to.deep.equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
  });

  it('retries a new value of a denied topic 5 s after the last denial, and not before', () => {
    const blocks = new BlockedTopics();
    for (let failure = 1; failure <= 8; failure++) blocks.failed('t', NOW, 'right');
    blocks.valueChanged('t', 'retained', NOW + 1_000);
    expect(blocks.mustWait('t', NOW + 4_999)).to.equal(true);
    expect(blocks.due(NOW + 5_000)).to.deep.equal(['t']);
    blocks.failed('t', NOW + 5_000, 'right');
    blocks.valueChanged('t', 'transient', NOW + 10_000);
    expect(blocks.mustWait('t', NOW + 10_000)).to.equal(false);
    expect(blocks.failed('t', NOW + 10_000, 'right')).to.equal(10);
    expect(blocks.mustWait('t', NOW + 10_000 + 500_000)).to.equal(true);
  });

  it('lets transient messages pass if a retained value was refused, and retries for a new retained value only', () => {
    const blocks = new BlockedTopics();
    blocks.valueRefused('t', NOW);
    blocks.valueChanged('t', 'transient', NOW);
    expect(blocks.mustWait('t', NOW)).to.equal(true);
    expect(blocks.takesTransient('t')).to.equal(true);
    blocks.valueChanged('t', 'retained', NOW);
    expect(blocks.mustWait('t', NOW)).to.equal(false);
  });

  for (const cause of ['right', 'not stored'] satisfies Cause[]) {
    it(`retries a small group when a topic is taken again that was denied for the cause "${cause}"`, () => {
      const blocks = new BlockedTopics();
      const topics = Array.from({ length: 1_000 }, (_, index) => `t${index}`);
      for (const topic of topics) for (let n = 0; n < 9; n++) blocks.failed(topic, NOW, cause);
      blocks.failed('hung up on', NOW, 'topic');
      blocks.failed('hung up on', NOW, 'topic');
      blocks.succeeded('t0', NOW + 1);
      const group = blocks.due(NOW + 1);
      expect(group).to.deep.equal(topics.slice(1, RELEASED_TOPICS + 1));
      // Those that fail again go to the end, so that each has its turn.
      for (const topic of group) blocks.failed(topic, NOW + 2, cause);
      blocks.succeeded('t999', NOW + 3);
      expect(blocks.due(NOW + 3)).to.deep.equal(topics.slice(RELEASED_TOPICS + 1, 2 * RELEASED_TOPICS + 1));
    });

    it(`retries ten thousand topics within five rounds when all are taken again ("${cause}")`, () => {
      const blocks = new BlockedTopics();
      const left = new Set(Array.from({ length: 10_000 }, (_, index) => `t${index}`));
      for (const topic of left) for (let n = 0; n < 12; n++) blocks.failed(topic, NOW, cause);
      let uptime = NOW + 1;
      blocks.succeeded('t0', uptime);
      left.delete('t0');
      for (let round = 0; round < 5; round++) {
        for (const topic of blocks.due(++uptime)) {
          blocks.succeeded(topic, uptime);
          left.delete(topic);
        }
      }
      expect(left.size).to.equal(0);
      expect(blocks).to.include({ size: 0, blocked: 0 });
    });
  }

  it('holds up no other topic', () => {
    const blocks = new BlockedTopics();
    blocks.failed('t', NOW);
    expect(blocks.mustWait('t', NOW)).to.equal(true);
    expect(blocks.mustWait('other', NOW)).to.equal(false);
  });

  it('returns a topic once when its retry is due, and again after the next failure', () => {
    const blocks = new BlockedTopics();
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

  it('forgets a topic at a success, and tells whether it counted as blocked', () => {
    const blocks = new BlockedTopics();
    expect(blocks.succeeded('t', NOW)).to.equal(false);
    for (let failure = 1; failure < BLOCKED_AFTER; failure++) blocks.failed('t', NOW);
    expect(blocks.succeeded('t', NOW)).to.equal(false);
    for (let failure = 1; failure <= BLOCKED_AFTER; failure++) blocks.failed('t', NOW);
    expect(blocks.succeeded('t', NOW)).to.equal(true);
    expect(blocks).to.include({ size: 0 });
    expect(blocks.failed('t', NOW)).to.equal(1);
  });

  it('retries all topics when the broker returns, and continues with the delays as they were', () => {
    const blocks = new BlockedTopics();
    for (let failure = 1; failure <= 5; failure++) blocks.failed('topic', NOW);
    blocks.valueRefused('value', NOW);
    blocks.returned(NOW + 1);
    expect(blocks.due(NOW + 1)).to.deep.equal(['topic', 'value']);
    expect(blocks.isBlocked('topic')).to.equal(true);
    expect(blocks.failed('topic', NOW + 1)).to.equal(6);
  });

  it('takes no memory in normal operation', () => {
    const blocks = new BlockedTopics();
    blocks.failed('a', NOW);
    blocks.failed('b', NOW);
    expect(blocks).to.include({ size: 2 });
    blocks.clear();
    expect(blocks).to.include({ size: 0 });
    expect(blocks.due(Number.POSITIVE_INFINITY)).to.deep.equal([]);
  });
});
