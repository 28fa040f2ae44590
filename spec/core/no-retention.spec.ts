/** A broker that retains nothing is told each value once; what it was told counts as what it holds. */

import { expect } from 'chai';
import { A, B, PROTOCOLS, Topic } from './topic.ts';

const THERE = { returnState: 'no retention' } as const;

for (const protocol of PROTOCOLS) {
  describe(`A broker that retains nothing, over ${protocol},`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = new Topic(protocol);
      topic.replays(A, '1');
    });

    /** The broker delivers our own publish, which was not retained. */
    function toldTo(broker: number): void {
      topic.echoes({ ...topic.sent(broker), retain: false }, THERE);
    }

    it('is told the winner, once', () => {
      toldTo(B);
      expect(topic.held[B]).to.equal('1');
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('is told nothing that it was told before, when it returns', () => {
      toldTo(B);
      expect(topic.returns(B, 'not shown', 'no retention').commands).to.deep.equal([]);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('is told what has changed, when it returns', () => {
      toldTo(B);
      topic.pass(1).writes(A, '2');
      topic.returns(B, 'not shown', 'no retention');
      expect(topic.sent(B).message.payload).to.equal('2');
    });

    it('is told anew what was under way when the connection broke', () => {
      topic.sent(B);
      topic.returns(B, 'not shown', 'no retention');
      expect(topic.pending(B)).to.equal(0);
      expect(topic.sent(B).message.payload).to.equal('1');
    });

    it('does not get a passing message twice because the connection broke', () => {
      toldTo(B);
      topic.passes(A, 'transient');
      if (protocol !== 'MQTT 5') return;
      expect(topic.sent(B).retain).to.equal(false);
      topic.returns(B, 'not shown', 'no retention');
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('is told of a deletion, once', () => {
      toldTo(B);
      topic.pass(1).deletes(A);
      const deletion = topic.sent(B);
      expect(deletion.message.payload).to.equal('');
      topic.echoes({ ...deletion, retain: false }, THERE);
      expect(topic.held[B]).to.equal('absent');
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('is never asked what it retains', () => {
      topic = new Topic(protocol);
      expect(topic.passes(B, 'new', THERE).commands).to.deep.equal([]);
      expect(topic.sent(A).message.payload).to.equal('new');
    });

    it('is not told its own clients’ messages again where the topic is to be retained', () => {
      topic = new Topic(protocol, { filter: { retain: true } });
      topic.passes(B, 'mine', THERE);
      expect(topic.offer(B)).to.deep.equal([]);
      expect(topic.sent(A)).to.deep.include({ retain: true });
    });
  });
}
