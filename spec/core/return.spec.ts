/** A broker is connected for the first time, or returns: what it replays is compared with what it held. */

import { expect } from 'chai';
import { A, B, C, PROTOCOLS, START, syncedTopic, Topic } from './topic.ts';

for (const protocol of PROTOCOLS) {
  describe(`At first contact over ${protocol}`, () => {
    it('a retained message is older than each live write', () => {
      const topic = new Topic(protocol, { brokers: 3 });
      topic.writes(A, 'live', { retained: true });
      expect(topic.replays(B, 'old', { firstContactRank: 99 }).effect).to.equal('lost');
      topic.sync(B, C);
      expect(topic.held).to.deep.equal(['live', 'live', 'live']);
    });

    for (const order of [
      [A, B],
      [B, A],
    ]) {
      it(`the broker of the higher rank wins, if ${order.map(broker => 'AB'[broker]).join(' comes before ')}`, () => {
        const topic = new Topic(protocol);
        for (const broker of order)
          topic.replays(broker, `of ${broker}`, { firstContactRank: broker === A ? 2 : 1 });
        expect(topic.value).to.equal('of 0');
        topic.sync(A, B);
        expect(topic.held).to.deep.equal(['of 0', 'of 0']);
      });
    }

    it('a topic that one broker retains is copied to the others', () => {
      const topic = new Topic(protocol);
      topic.replays(B, '1');
      expect(topic.sent(A).message.payload).to.equal('1');
    });
  });

  describe(`A broker that returns over ${protocol}`, () => {
    it('intact changes nothing', () => {
      const topic = syncedTopic(protocol, '0');
      const before = topic.register;
      expect(topic.replays(A, '0', { returnState: 'intact' }).effect).to.equal('repeated');
      expect(topic.returns(A, 'shown').effect).to.equal('idle');
      expect(topic.register).to.equal(before);
    });

    it('intact is given what was written meanwhile', () => {
      const topic = syncedTopic(protocol, '0');
      topic.writes(A, '1');
      topic.replays(B, '0', { returnState: 'intact' });
      topic.returns(B, 'shown');
      expect(topic.value).to.equal('1');
      expect(topic.sent(B).message.payload).to.equal('1');
    });

    if (protocol === 'MQTT 3.1.1')
      it('wiped is given what was written meanwhile, even if it replays without a retain flag', () => {
        const topic = syncedTopic(protocol, '0');
        topic.writes(A, '1');
        topic.replays(B, '0', { returnState: 'intact', retained: undefined });
        topic.returns(B, 'not shown', 'wiped');
        topic.sync(A, B);
        expect(topic.held).to.deep.equal(['1', '1']);
      });

    it('with a publish that was pending when we parted holds it', () => {
      const topic = syncedTopic(protocol, '0');
      topic.writes(A, '1');
      const { message } = topic.sent(B);
      const stamped = protocol === 'MQTT 3.1.1' ? {} : { stamp: message.version, own: true };
      topic.replays(B, '1', { returnState: 'intact', ...stamped });
      topic.returns(B, 'shown');
      expect(topic.held).to.deep.equal(['1', '1']);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('with another message was written to meanwhile, and that write wins', () => {
      const topic = syncedTopic(protocol, '0');
      topic.pass(1_000);
      expect(topic.replays(B, '1', { returnState: 'intact' }).effect).to.equal('won');
      expect(topic.register.winner?.version.time).to.equal(START + 1_000);
      topic.sync(A);
      expect(topic.held).to.deep.equal(['1', '1']);
    });

    it('rolled back is given the winner', () => {
      const topic = syncedTopic(protocol, '0');
      topic.writes(A, '1');
      topic.sync(B);
      expect(topic.replays(B, '0', { returnState: 'rolled back' }).effect).to.equal('lost');
      expect(topic.sent(B).message.payload).to.equal('1');
    });
  });

  describe(`A topic that a returning broker does not show, over ${protocol}`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = syncedTopic(protocol, '0');
    });

    it('is probed, since brokers cut replays short', () => {
      expect(topic.returns(B, 'not shown').commands).to.deep.equal([
        { kind: 'probe', broker: B, priority: 'background' },
      ]);
      topic.answers(B, '0');
      expect(topic.held).to.deep.equal(['0', '0']);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('was deleted if the probe finds it absent', () => {
      topic.returns(B, 'not shown');
      expect(topic.answers(B, 'absent', 'deletion').effect).to.equal('won');
      topic.sync(A);
      expect(topic.held).to.deep.equal(['absent', 'absent']);
    });

    it('was lost if the probe finds it absent and an absence is no deletion', () => {
      topic.returns(B, 'not shown');
      topic.answers(B, 'absent', 'loss');
      expect(topic.sent(B).message.payload).to.equal('0');
    });

    it('was not deleted if a newer write is known', () => {
      topic.writes(A, '1');
      topic.returns(B, 'not shown');
      topic.answers(B, 'absent', 'deletion');
      expect(topic.value).to.equal('1');
      expect(topic.sent(B).message.payload).to.equal('1');
    });

    it('was not deleted if our publish was pending', () => {
      topic.writes(A, '1');
      topic.sent(B);
      topic.returns(B, 'not shown');
      topic.answers(B, 'absent', 'deletion');
      expect(topic.value).to.equal('1');
      expect(topic.sent(B).message.payload).to.equal('1');
    });

    it('was not deleted if the broker may have rolled back to before it had the topic', () => {
      topic.returns(B, 'not shown', 'intact', 'not known');
      expect(topic.held).to.deep.equal(['0', 'unknown']);
      topic.answers(B, 'absent', 'deletion');
      expect(topic.value).to.equal('0');
      expect(topic.sent(B).message.payload).to.equal('0');
    });

    it('is given the winner if the probe finds a message to which the broker rolled back', () => {
      topic.writes(A, '1');
      topic.sync(B);
      topic.returns(B, 'not shown', 'intact', 'another');
      expect(topic.answers(B, '0', 'loss', true).effect).to.equal('lost');
      expect(topic.value).to.equal('1');
      expect(topic.sent(B).message.payload).to.equal('1');
    });

    it('is published again without a subscription, unless the broker held the same at its marker', () => {
      const unseen = syncedTopic(protocol, '0', { filter: { subscribe: 1 } });
      expect(unseen.returns(B, 'not shown', 'intact', 'the same').effect).to.equal('idle');
      expect(unseen.offer(B)).to.deep.equal([]);
      unseen.returns(B, 'not shown', 'intact', 'another');
      expect(unseen.sent(B).message.payload).to.equal('0');
    });

    it('is published at once if the broker was wiped', () => {
      expect(topic.returns(B, 'not shown', 'wiped').commands).to.deep.equal([]);
      expect(topic.sent(B).message.payload).to.equal('0');
    });

    it('is published without a probe if the broker was not known to hold it', () => {
      const unknown = new Topic(protocol);
      unknown.replays(A, '0');
      expect(unknown.returns(B, 'not shown').effect).to.equal('idle');
      expect(unknown.sent(B).message.payload).to.equal('0');
    });
  });
}
