/** A broker without retained messages is sent each value once, and then "holds" it. */

import { expect } from 'chai';
import { A, B, PROTOCOLS, Topic } from './topic.ts';

const WITHOUT_RETENTION = { returnState: 'no retention' } as const;

for (const protocol of PROTOCOLS) {
  describe(`A broker without retained messages over ${protocol}`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = new Topic(protocol);
      topic.replays(A, '1');
    });

    /** The broker delivers our own publish, which was not retained. */
    function deliver(broker: number): void {
      topic.echoes({ ...topic.sent(broker), retain: false }, WITHOUT_RETENTION);
    }

    it('is sent the winner once', () => {
      deliver(B);
      expect(topic.held[B]).to.equal('1');
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('is not sent again at its return what it was sent before', () => {
      deliver(B);
      expect(topic.returns(B, 'not shown', 'no retention').commands).to.deep.equal([]);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('is sent at its return what has changed', () => {
      deliver(B);
      topic.pass(1).writes(A, '2');
      topic.returns(B, 'not shown', 'no retention');
      expect(topic.sent(B).message.payload).to.equal('2');
    });

    it('is sent again what was pending when the connection broke', () => {
      topic.sent(B);
      topic.returns(B, 'not shown', 'no retention');
      expect(topic.pending(B)).to.equal(0);
      expect(topic.sent(B).message.payload).to.equal('1');
    });

    it('is not sent a transient message twice because the connection broke', () => {
      deliver(B);
      topic.passes(A, 'transient');
      if (protocol !== 'MQTT 5') return;
      expect(topic.sent(B).retain).to.equal(false);
      topic.returns(B, 'not shown', 'no retention');
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('is sent a deletion once', () => {
      deliver(B);
      topic.pass(1).deletes(A);
      const deletion = topic.sent(B);
      expect(deletion.message.payload).to.equal('');
      topic.echoes({ ...deletion, retain: false }, WITHOUT_RETENTION);
      expect(topic.held[B]).to.equal('absent');
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('is never probed', () => {
      topic = new Topic(protocol);
      expect(topic.passes(B, 'new', WITHOUT_RETENTION).commands).to.deep.equal([]);
      expect(topic.sent(A).message.payload).to.equal('new');
    });

    it('is not sent back the messages of its own clients if RETAIN is set', () => {
      topic = new Topic(protocol, { filter: { retain: true } });
      topic.passes(B, 'mine', WITHOUT_RETENTION);
      expect(topic.offer(B)).to.deep.equal([]);
      expect(topic.sent(A)).to.deep.include({ retain: true });
    });
  });
}
