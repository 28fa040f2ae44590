/** Two filters of a broker deliver each message twice: the second copy of our publish must not win over later writes. */

import { expect } from 'chai';
import { A, B, type Protocol, syncedTopic, type TopicOptions } from './topic.ts';

const twiceAtA: TopicOptions = { twice: 1 << A };

for (const protocol of ['MQTT 3.1.1', 'MQTT 5 without flags'] satisfies Protocol[]) {
  describe(`A message that a broker delivers a second time, over ${protocol}`, () => {
    /** Our copy of '1' was delivered by A once, and '2' has won since. */
    const superseded = (options: TopicOptions) => {
      const topic = syncedTopic(protocol, '0', options);
      topic.writes(B, '1', { retained: true });
      const publish = topic.sent(A);
      topic.writes(B, '2', { retained: true });
      topic.echoes(publish);
      return topic;
    };

    it('does not win over a later write', () => {
      const topic = superseded(twiceAtA);
      expect(topic.writes(A, '1')).to.deep.include({ effect: 'lost', commands: [] });
      expect(topic.value).to.equal('2');
      expect(topic.held).to.deep.equal(['1', '2']);
    });

    it('is a new write of a client if no two filters overlap there', () => {
      expect(superseded({}).writes(A, '1').effect).to.equal('won');
    });

    it('is a new write of a client if it is another message', () => {
      expect(superseded(twiceAtA).writes(A, '3').effect).to.equal('won');
    });

    it('repeats the winner if nothing has won since', () => {
      const topic = syncedTopic(protocol, '0', twiceAtA);
      topic.writes(A, '1');
      expect(topic.writes(A, '1').effect).to.equal('repeated');
    });

    it('is a new write if the topic has expired: a client that repeats itself is alive', () => {
      const topic = syncedTopic(protocol, '0', { ...twiceAtA, filter: { ttl: 1_000 } });
      topic.pass(1_000).apply({ kind: 'expired', newVersion: topic.newVersion(), now: topic.now });
      expect(topic.value).to.equal('');
      expect(topic.writes(A, '0').effect).to.equal('won');
    });
  });

  describe(`With RETAIN, a deletion that a broker delivers a second time, over ${protocol}`, () => {
    const deleted = () => {
      const topic = syncedTopic(protocol, '0', { ...twiceAtA, filter: { retain: true } });
      topic.writes(B, '', { retained: true });
      const publish = topic.sent(A);
      topic.writes(B, '1', { retained: true });
      topic.echoes(publish);
      return topic;
    };

    it('does not win over a later write', () => {
      const topic = deleted();
      expect(topic.writes(A, '').effect).to.equal('lost');
      expect(topic.value).to.equal('1');
    });

    it('is no reason to drop another message of a client', () => {
      const topic = deleted();
      topic.sent(A);
      expect(topic.writes(A, '2').effect).to.equal('won');
    });
  });
}
