/** How a write is dated, and which copies are no writes. */

import { expect } from 'chai';
import { A, B, PROTOCOLS, START, syncedTopic, Topic } from './topic.ts';

for (const protocol of PROTOCOLS) {
  describe(`A replayed message over ${protocol}`, () => {
    it('has the oldest time and the rank of its broker at first contact', () => {
      const topic = new Topic(protocol);
      topic.replays(A, '1', { firstContactRank: 7 });
      expect(topic.register.winner?.version).to.deep.equal({ time: 0, counter: 7, replica: '' });
    });

    it('is dated now if its broker was seen before, though what it held is not known', () => {
      const topic = new Topic(protocol);
      topic.replays(A, '0');
      topic.pass(1_000).replays(B, '1', { returnState: 'intact' });
      expect(topic.register.winner).to.deep.include({ payload: '1', origin: B });
      expect(topic.register.winner?.version.time).to.equal(START + 1_000);
    });

    it('is dated now if its broker held another message, even at first contact', () => {
      const topic = syncedTopic(protocol, '0');
      topic.pass(1_000).replays(B, '1');
      expect(topic.value).to.equal('1');
      expect(topic.register.winner?.version.time).to.equal(START + 1_000);
    });
  });

  describe(`A new write with REPEAT over ${protocol}`, () => {
    it('leaves what the other brokers are known to hold', () => {
      const topic = syncedTopic(protocol, '0', { filter: { repeat: true } });
      topic.writes(A, '1');
      expect(topic.held).to.deep.equal(['1', '0']);
    });
  });

  describe(`A transient message that a broker delivers twice, over ${protocol}`, () => {
    const passed = () => {
      const topic = new Topic(protocol, { brokers: 3, twice: 1 << A });
      topic.passes(A, '1', { retained: false });
      return topic;
    };

    it('is a second copy within a quarter of a second', () => {
      expect(passed().pass(249).passes(A, '1', { retained: false }).effect).to.equal('repeated');
      expect(passed().pass(250).passes(A, '1', { retained: false }).effect).to.equal('transient');
    });

    it('is a new message if it comes from another broker, or has another payload', () => {
      expect(passed().passes(B, '1', { retained: false }).effect).to.equal('transient');
      expect(passed().passes(A, '2', { retained: false }).effect).to.equal('transient');
    });
  });

  describe(`A transient message over ${protocol}`, () => {
    it('expires with its message expiry, and has no TTL', () => {
      const topic = new Topic(protocol, { filter: { ttl: 1_000 } });
      topic.passes(A, '1', { retained: false, expiry: 5_000 });
      expect(topic.register.transient?.message).to.include({
        messageExpiresAt: START + 5_000,
        ttlExpiresAt: Number.POSITIVE_INFINITY,
      });
    });
  });
}
