/** C26: when a broker may retain another message than it delivered last. */

import { expect } from 'chai';
import type { Outcome } from '../../lib/core/outcome.ts';
import { A, B, PROTOCOLS, settledTopic, type Topic } from './topic.ts';

const SOON = 1_000;
const LATER = 10_000;

for (const protocol of PROTOCOLS) {
  describe(`C26: contention over ${protocol}`, () => {
    let topic: Topic;
    const isContended = ({ raced }: Outcome) => raced === true;

    beforeEach(() => {
      topic = settledTopic(protocol, '0');
      topic.pass(LATER);
    });

    it('is where a client writes while something of ours is under way', () => {
      topic.writes(A, 'of A');
      const ours = topic.sent(B);
      expect(isContended(topic.pass(1).writes(B, 'of B'))).to.equal(true);
      expect(isContended(topic.echoes(ours))).to.equal(true);
    });

    it('is where a client writes soon after ours arrived', () => {
      topic.writes(A, 'of A');
      topic.settles(B);
      expect(isContended(topic.pass(SOON).writes(B, 'of B'))).to.equal(true);
    });

    it('is where ours arrives soon after a client wrote', () => {
      topic.writes(B, 'of B');
      topic.pass(SOON).writes(A, 'of A');
      expect(isContended(topic.echoes(topic.sent(B)))).to.equal(true);
    });

    it('is where one of the two is a deletion', () => {
      topic.deletes(B);
      topic.pass(SOON).writes(A, 'of A', { retained: true });
      expect(isContended(topic.echoes(topic.sent(B))), 'theirs').to.equal(true);
      topic.pass(LATER).deletes(A);
      topic.settles(B);
      expect(isContended(topic.pass(SOON).writes(B, 'of B', { retained: true })), 'ours').to.equal(true);
    });

    it('is none where one came long after the other', () => {
      topic.writes(A, 'of A');
      topic.settles(B);
      expect(isContended(topic.pass(LATER).writes(B, 'of B')), 'theirs').to.equal(false);
      topic.settles(A);
      topic.pass(LATER).writes(A, 'of A again');
      expect(isContended(topic.echoes(topic.sent(B))), 'ours').to.equal(false);
    });

    it('is none where clients of one broker alone write, however fast', () => {
      for (let count = 1; count <= 10; count++) {
        expect(isContended(topic.pass(1).writes(A, String(count)))).to.equal(false);
        expect(isContended(topic.echoes(topic.sent(B)))).to.equal(false);
      }
    });

    it('is none where a client says again what it has said', () => {
      topic.writes(A, '1');
      topic.settles(B);
      expect(isContended(topic.pass(SOON).writes(A, '1'))).to.equal(false);
    });

    it('is none in a replay, which shows what is retained', () => {
      topic.writes(A, 'of A');
      topic.settles(B);
      expect(isContended(topic.pass(SOON).replays(B, 'of B', { returnState: 'intact' }))).to.equal(false);
    });
  });
}
