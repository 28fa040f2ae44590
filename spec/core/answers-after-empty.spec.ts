/** A probe answers after an empty message and other messages: what the answer decides, and what it leaves undecided. */

import { expect } from 'chai';
import { A, B, C, type Protocol, syncedTopic, type Topic } from './topic.ts';

for (const protocol of ['MQTT 3.1.1', 'MQTT 5 without flags'] satisfies Protocol[]) {
  describe(`After an empty message and other messages, over ${protocol}, an answer`, () => {
    const payloadsSentTo = (topic: Topic, broker: number) =>
      topic.offer(broker).map(({ message }) => message.payload);

    /** B deletes the topic, and then A delivers an empty message, or two messages. */
    const deletedTwice = (...payloads: readonly string[]) => {
      const topic = syncedTopic(protocol, 'old', { brokers: 3 });
      topic.pass(1_000).writes(B, '', { retained: true });
      const first = topic.register.winner?.version;
      topic.pass(1_000).writes(A, '');
      const second = topic.register.transient?.message.version;
      for (const payload of payloads) topic.pass(1).writes(A, payload);
      return { topic, first, second };
    };

    it('dates the deletion by the later one of two, so that no write in between wins', () => {
      const { topic, first, second } = deletedTwice();
      topic.answers(A, 'absent');
      expect(topic.register.winner?.version).to.deep.equal(second).and.not.deep.equal(first);
    });

    it('dates the deletion before a new message by the later one of two', () => {
      const { topic, second } = deletedTwice('new');
      topic.answers(A, 'new');
      expect(topic.value).to.equal('new');
      expect(topic.register.tombstone).to.deep.equal(second);
    });

    it('that finds the topic absent leaves a transient message that followed to be passed on', () => {
      const topic = syncedTopic(protocol, 'old');
      topic.writes(A, '');
      topic.pass(1).writes(A, 'transient');
      topic.answers(A, 'absent');
      expect(payloadsSentTo(topic, B)).to.have.members(['', 'transient']);
    });

    it('that finds the topic absent leaves an empty message of another broker to be passed on', () => {
      const topic = syncedTopic(protocol, 'old', { brokers: 3 });
      topic.writes(A, '');
      topic.pass(1).writes(B, '');
      topic.answers(A, 'absent');
      expect(topic.offer(C).map(({ retain }) => retain)).to.have.members([false, true]);
    });

    it('that finds the topic absent deletes it, though no transient message is left', () => {
      const topic = syncedTopic(protocol, 'old', { brokers: 3 });
      topic.writes(A, '');
      topic.pass(1).writes(B, '');
      topic.pass(1).writes(B, 'of B');
      topic.answers(B, 'of B');
      expect(topic.register.transient).to.equal(undefined);
      topic.answers(A, 'absent');
      expect(topic.register.inference.unresolved).to.deep.equal([]);
      expect(topic.held[A]).to.equal('absent');
      expect(topic.value).to.equal('of B');
    });

    it('that finds the old message leaves a transient message that followed to be passed on', () => {
      const topic = syncedTopic(protocol, 'old');
      topic.writes(A, '');
      topic.pass(1).writes(A, 'transient');
      topic.answers(A, 'old');
      expect(payloadsSentTo(topic, B)).to.deep.equal(['transient']);
    });

    it('that finds the topic absent while our publish is pending does not count the message that followed as retained', () => {
      const topic = syncedTopic(protocol, 'old');
      topic.writes(B, 'ours', { retained: true });
      topic.sent(A);
      topic.pass(1).writes(A, '');
      topic.pass(1).writes(A, 'transient');
      topic.answers(A, 'absent');
      expect(topic.value).to.equal('ours');
    });
  });
}
