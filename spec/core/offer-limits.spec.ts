/** What a broker is not sent: what is too old, expired or already there, and what exceeds the limit. */

import { expect } from 'chai';
import { lacks, lacksTransient, lacksWinner } from '../../lib/core/offer.ts';
import { A, B, C, PROTOCOLS, syncedTopic, Topic } from './topic.ts';

for (const protocol of PROTOCOLS) {
  describe(`A transient message over ${protocol}`, () => {
    const passed = (expiry = Number.POSITIVE_INFINITY) => {
      const topic = new Topic(protocol, { brokers: 3 });
      topic.passes(A, '1', { retained: false, expiry });
      return topic;
    };

    it('is passed on for less than a minute', () => {
      expect(passed().pass(59_999).offer(B)).to.have.lengthOf(1);
      expect(passed().pass(60_000).offer(B)).to.deep.equal([]);
    });

    it('is not passed on if it comes from a minute ahead, after the clock was set back', () => {
      expect(passed().pass(-59_999).offer(B)).to.have.lengthOf(1);
      expect(passed().pass(-60_000).offer(B)).to.deep.equal([]);
    });

    it('is passed on until its message expiry', () => {
      expect(passed(5_000).pass(4_999).offer(B)).to.have.lengthOf(1);
      expect(passed(5_000).pass(5_000).offer(B)).to.deep.equal([]);
    });

    it('that is too old for a broker does not wait for it any more', () => {
      const topic = passed().pass(60_000);
      topic.offer(B);
      expect([A, B, C].map(broker => lacks(topic.register, broker))).to.deep.equal([false, false, true]);
    });

    it('waits for no broker once it is withheld', () => {
      const topic = passed();
      expect(topic.apply({ kind: 'withheld' }).effect).to.equal('updated');
      expect([A, B, C].map(broker => lacks(topic.register, broker))).to.deep.equal([false, false, false]);
      expect(topic.apply({ kind: 'withheld' }).effect, 'again').to.equal('idle');
      expect(new Topic(protocol).apply({ kind: 'withheld' }).effect, 'without a message').to.equal('idle');
    });

    it('goes alone if only transient messages are to be sent', () => {
      const topic = syncedTopic(protocol, '0', { brokers: 3 });
      topic.writes(A, '1', { retained: true });
      topic.passes(A, 't', { retained: false });
      const { effect } = topic.apply({ kind: 'offered', broker: B, isTransientOnly: true, now: topic.now });
      expect(effect).to.equal('published');
      expect(topic.register.pending.map(({ retained }) => retained)).to.deep.equal([false]);
      expect(topic.sent(B)).to.include({ retain: true });
    });
  });

  describe(`A broker with 32 pending publishes over ${protocol}`, () => {
    let topic: Topic;
    const offered = () => topic.apply({ kind: 'offered', broker: B, now: topic.now }).effect;

    beforeEach(() => {
      topic = syncedTopic(protocol, '0', { brokers: 3 });
      for (let n = 1; n <= 32; n++) {
        topic.writes(A, String(n), { retained: true });
        topic.sent(B);
      }
    });

    it('is full, if it lacks the winner', () => {
      expect(offered()).to.equal('idle');
      topic.writes(A, 'one more', { retained: true });
      expect(offered()).to.equal('full');
    });

    it('is full, if it lacks a transient message', () => {
      topic.passes(A, 't', { retained: false });
      expect(offered()).to.equal('full');
    });

    it('lacks the transient message until it is offered room', () => {
      topic.passes(A, 't', { retained: false });
      const lacking = () => [lacksWinner, lacksTransient, lacks].map(of => of(topic.register, B));
      offered();
      expect(lacking(), 'while it is full').to.deep.equal([false, true, true]);
      topic.apply({ kind: 'echo-overdue', broker: B });
      topic.answers(B, '32');
      expect(lacking(), 'once there is room').to.deep.equal([false, true, true]);
      expect(topic.sent(B).message.payload).to.equal('t');
      expect(lacking(), 'once it is sent').to.deep.equal([false, false, false]);
    });

    it('is sent the older of two messages if there is room for one, and lacks the other', () => {
      const [first] = topic.register.pending;
      if (first === undefined) throw new Error('nothing is pending');
      topic.apply({ kind: 'refused', broker: B, version: first.message.version });
      topic.writes(A, 'older', { retained: true });
      topic.passes(A, 'newer', { retained: false });
      expect(topic.sent(B).message.payload).to.equal('older');
      expect([lacksWinner, lacksTransient].map(of => of(topic.register, B))).to.deep.equal([false, true]);
    });

    it('is sent one more once another one was refused', () => {
      topic.writes(A, 'one more', { retained: true });
      const [first] = topic.register.pending;
      if (first === undefined) throw new Error('nothing is pending');
      topic.apply({ kind: 'refused', broker: B, version: first.message.version });
      expect(offered()).to.equal('published');
      expect(topic.pending(B)).to.equal(32);
    });
  });

  describe(`A version that is pending at two brokers over ${protocol}`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = syncedTopic(protocol, '0', { brokers: 3 });
      topic.writes(A, '1');
      topic.sent(B);
      topic.sent(C);
    });

    for (const kind of ['refused', 'acknowledged'] as const) {
      it(`is ${kind} at one of them alone`, () => {
        const { version } = topic.register.pending[0]?.message ?? { version: topic.newVersion() };
        expect(topic.apply({ kind, broker: C, version }).effect).to.equal('updated');
        expect([B, C].map(broker => topic.pending(broker))).to.deep.equal([1, 0]);
        expect(topic.held[C]).to.equal(kind === 'refused' ? '0' : '1');
        expect(topic.apply({ kind, broker: A, version }).effect, 'not pending there').to.equal('idle');
      });
    }
  });
}
