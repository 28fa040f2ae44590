/** What a message from a broker comes to: it is merged with the winner, or passed on. */

import { expect } from 'chai';
import { expiryOf } from '../../lib/core/message.ts';
import { A, B, C, PROTOCOLS, START, syncedTopic, Topic } from './topic.ts';

const expiryOfWinner = ({ register: { winner } }: Topic) => winner && expiryOf(winner);

for (const protocol of PROTOCOLS) {
  describe(`A retained message over ${protocol}`, () => {
    it('wins if it is new, with the version of its delivery', () => {
      const topic = syncedTopic(protocol, '0');
      topic.pass(1_000);
      expect(topic.writes(B, '1').effect).to.equal('won');
      expect(topic.register.winner).to.deep.include({ payload: '1', origin: B });
      expect(topic.register.winner?.version).to.include({ time: START + 1_000, replica: 'us' });
      expect(topic.held).to.deep.equal(['0', '1']);
    });

    it('makes no new version if it equals the winner', () => {
      const topic = syncedTopic(protocol, '0');
      topic.writes(A, '1');
      const version = topic.register.winner?.version;
      topic.pass(1_000);
      expect(topic.writes(B, '1').effect).to.equal('repeated');
      expect(topic.register.winner?.version).to.equal(version);
      expect(topic.held).to.deep.equal(['1', '1']);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('deletes the topic at all brokers if its payload is empty', () => {
      const topic = syncedTopic(protocol, '0', { brokers: 3 });
      expect(topic.deletes(A).effect).to.equal('won');
      const deletion = topic.sent(B);
      expect(deletion).to.include({ retain: true });
      expect(deletion.message.payload).to.equal('');
      expect(topic.echoes(deletion).effect).to.equal('echo');
      topic.sync(C);
      expect(topic.held).to.deep.equal(['absent', 'absent', 'absent']);
    });

    it('changes nothing if it deletes a deleted topic', () => {
      const topic = syncedTopic(protocol, '0');
      topic.deletes(A);
      topic.sync(B);
      const version = topic.register.winner?.version;
      topic.pass(1_000);
      expect(topic.deletes(B).effect).to.equal('repeated');
      expect(topic.register.winner?.version).to.equal(version);
    });

    it('brings a deleted topic back', () => {
      const topic = syncedTopic(protocol, '0');
      topic.deletes(A);
      topic.sync(B);
      topic.writes(B, '1', { retained: true });
      topic.sync(A);
      expect(topic.held).to.deep.equal(['1', '1']);
    });
  });

  describe(`The TTL of a topic over ${protocol}`, () => {
    const ttl = { filter: { ttl: 10_000 } };

    it('starts at a write', () => {
      const topic = syncedTopic(protocol, '0', ttl);
      topic.pass(1_000).writes(A, '1');
      expect(expiryOfWinner(topic)).to.equal(START + 11_000);
    });

    it('restarts at an equal write of a client', () => {
      const topic = syncedTopic(protocol, '0', ttl);
      topic.pass(1_000).writes(B, '0');
      expect(expiryOfWinner(topic)).to.equal(START + 11_000);
    });

    it('does not restart at an echo', () => {
      const topic = syncedTopic(protocol, '0', ttl);
      topic.writes(A, '1');
      const publish = topic.sent(B);
      topic.pass(1_000).echoes(publish);
      expect(expiryOfWinner(topic)).to.equal(START + 10_000);
    });

    it('does not restart if a broker replays what it held', () => {
      const topic = syncedTopic(protocol, '0', ttl);
      topic.pass(1_000).replays(A, '0', { returnState: 'intact' });
      expect(expiryOfWinner(topic)).to.equal(START + 10_000);
    });

    const limits: readonly (readonly [ttl: number, expiry: number, left: number])[] = [
      [10_000, 3_000, 3_000],
      [10_000, 30_000, 10_000],
      [0, 3_000, 3_000],
      [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ];
    for (const [limit, expiry, left] of limits) {
      it(`of ${limit} ms with a message expiry of ${expiry} ms leaves ${left} ms`, () => {
        const topic = syncedTopic(protocol, '0', { filter: { ttl: limit } });
        topic.writes(A, '1', { expiry });
        expect(expiryOfWinner(topic)).to.equal(START + left);
      });
    }
  });

  describe(`RETAIN over ${protocol}`, () => {
    it('publishes a transient message retained, also to its own broker', () => {
      const topic = new Topic(protocol, { filter: { retain: true } });
      expect(topic.passes(A, '1').effect).to.equal('won');
      topic.answers(A, 'absent');
      for (const broker of [A, B]) expect(topic.sent(broker)).to.include({ broker, retain: true });
    });

    it('makes one version of a message, however often it is delivered', () => {
      const topic = new Topic(protocol, { filter: { retain: true } });
      topic.passes(A, '1');
      topic.answers(A, 'absent');
      topic.sync(A, B);
      expect(topic.held).to.deep.equal(['1', '1']);
      expect([...topic.offer(A), ...topic.offer(B)]).to.deep.equal([]);
    });
  });

  describe(`An equal retained message with REPEAT over ${protocol}`, () => {
    const filter = { repeat: true };

    it('is published to the other brokers once more, and not again after its echo', () => {
      const topic = syncedTopic(protocol, '0', { brokers: 3, filter });
      expect(topic.writes(A, '0').effect).to.equal('repeated');
      expect(topic.offer(A)).to.deep.equal([]);
      for (const broker of [B, C]) {
        const publish = topic.sent(broker);
        expect(publish).to.include({ retain: true });
        expect(topic.echoes(publish).effect).to.equal('echo');
      }
      expect([A, B, C].flatMap(broker => [...topic.offer(broker)])).to.deep.equal([]);
      expect(topic.held).to.deep.equal(['0', '0', '0']);
    });

    it('is published once a tick, however often it comes', () => {
      const topic = syncedTopic(protocol, '0', { filter });
      for (let n = 0; n < 5; n++) topic.writes(A, '0');
      topic.sent(B);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('is not published if it is a replay, or the second copy of two filters', () => {
      const topic = syncedTopic(protocol, '0', { filter });
      topic.replays(A, '0');
      expect(topic.offer(B)).to.deep.equal([]);
      if (protocol !== 'MQTT 3.1.1') return;
      const doubled = syncedTopic(protocol, '0', { filter, twice: 1 << A });
      doubled.writes(A, '0');
      expect(doubled.offer(B)).to.deep.equal([]);
    });

    it('is not published if it is a deletion', () => {
      const topic = syncedTopic(protocol, '0', { filter });
      topic.deletes(A);
      topic.sync(B);
      topic.deletes(A);
      expect(topic.offer(B).filter(({ retain }) => retain)).to.deep.equal([]);
    });
  });
}
