/** C26: a race, after which a broker may retain another message than it delivered last. */

import { expect } from 'chai';
import type { Outcome } from '../../lib/core/outcome.ts';
import { A, B, C, PROTOCOLS, syncedTopic, Topic } from './topic.ts';

const SOON = 1_000;
const LATER = 10_000;

for (const protocol of PROTOCOLS) {
  describe(`C26: step over ${protocol}`, () => {
    let topic: Topic;
    const isRace = ({ raced }: Outcome) => raced === true;

    beforeEach(() => {
      topic = syncedTopic(protocol, '0');
      topic.pass(LATER);
    });

    it('reports a race if a client writes while a publish of ours is pending', () => {
      topic.writes(A, 'of A');
      const ours = topic.sent(B);
      expect(isRace(topic.pass(1).writes(B, 'of B'))).to.equal(true);
      expect(isRace(topic.echoes(ours))).to.equal(true);
    });

    it('reports a race if a client writes soon after our publish arrived', () => {
      topic.writes(A, 'of A');
      topic.sync(B);
      expect(isRace(topic.pass(SOON).writes(B, 'of B'))).to.equal(true);
    });

    it('reports a race if our publish arrives soon after a client wrote', () => {
      topic.writes(B, 'of B');
      topic.pass(SOON).writes(A, 'of A');
      expect(isRace(topic.echoes(topic.sent(B)))).to.equal(true);
    });

    it('reports a race if one of the two writes is a deletion', () => {
      topic.deletes(B);
      topic.pass(SOON).writes(A, 'of A', { retained: true });
      expect(isRace(topic.echoes(topic.sent(B))), 'theirs').to.equal(true);
      topic.pass(LATER).deletes(A);
      topic.sync(B);
      expect(isRace(topic.pass(SOON).writes(B, 'of B', { retained: true })), 'ours').to.equal(true);
    });

    it('reports no race if one write came long after the other', () => {
      topic.writes(A, 'of A');
      topic.sync(B);
      expect(isRace(topic.pass(LATER).writes(B, 'of B')), 'theirs').to.equal(false);
      topic.sync(A);
      topic.pass(LATER).writes(A, 'of A again');
      expect(isRace(topic.echoes(topic.sent(B))), 'ours').to.equal(false);
    });

    it('reports no race if only clients of one broker write, however fast', () => {
      for (let count = 1; count <= 10; count++) {
        expect(isRace(topic.pass(1).writes(A, String(count)))).to.equal(false);
        expect(isRace(topic.echoes(topic.sent(B)))).to.equal(false);
      }
    });

    it('reports no race if a client repeats its message', () => {
      topic.writes(A, '1');
      topic.sync(B);
      expect(isRace(topic.pass(SOON).writes(A, '1'))).to.equal(false);
    });

    it('reports a race if a client deletes what its broker does not hold, since that leaves no trace', () => {
      const deleted = syncedTopic(protocol, '0', { brokers: 3 });
      deleted.deletes(A);
      deleted.sync(B);
      expect(isRace(deleted.pass(2 * LATER).writes(B, '', { retained: true }))).to.equal(true);
    });

    it('reports a race if a client soon writes what a client of another broker wrote', () => {
      topic.writes(A, '1');
      expect(isRace(topic.pass(SOON).writes(B, '1', { retained: true })), 'soon').to.equal(true);
      const late = syncedTopic(protocol, '0');
      late.pass(LATER).writes(A, '1');
      expect(isRace(late.pass(LATER).writes(B, '1', { retained: true })), 'late').to.equal(false);
    });

    it('reports no race if the pending publish goes to another broker, or is transient', () => {
      const three = syncedTopic(protocol, '0', { brokers: 3 });
      three.pass(LATER).writes(A, '1');
      three.sync(B);
      three.sent(C);
      expect(isRace(three.pass(LATER).writes(B, '2')), 'another broker').to.equal(false);
      topic.passes(A, 't', { retained: false });
      topic.sent(B);
      expect(isRace(topic.pass(LATER).writes(B, '2')), 'transient').to.equal(false);
    });

    it('reports no race if a client writes the first message of a topic', () => {
      const empty = new Topic(protocol);
      expect(isRace(empty.writes(A, '1', { retained: true }))).to.equal(false);
    });

    it('reports a race if a broker is given a write of its own client back that was overwritten there', () => {
      topic.writes(B, 'of B');
      const ours = topic.sent(A);
      topic.pass(SOON).writes(A, 'of A');
      topic.echoes(ours);
      expect(topic.held[A]).to.equal('of B');
      expect(isRace(topic.echoes(topic.sent(A)))).to.equal(true);
    });

    it('reports no race in a replay, which shows what is retained', () => {
      topic.writes(A, 'of A');
      topic.sync(B);
      expect(isRace(topic.pass(SOON).replays(B, 'of B', { returnState: 'intact' }))).to.equal(false);
    });
  });
}
