/** What a message from a broker comes to: it contends with the winner, or only passes through. */

import { expect } from 'chai';
import { expiryOf } from '../../lib/core/message.ts';
import { MAX_TRANSIENT_AGE_MS } from '../../lib/core/register.ts';
import { A, B, C, PROTOCOLS, START, settledTopic, Topic } from './topic.ts';

const ends = ({ register: { winner } }: Topic) => winner && expiryOf(winner);

for (const protocol of PROTOCOLS) {
  describe(`A retained message over ${protocol}`, () => {
    it('wins when it is new, dated when it is seen', () => {
      const topic = settledTopic(protocol, '0');
      topic.pass(1_000);
      expect(topic.writes(B, '1').effect).to.equal('won');
      expect(topic.register.winner).to.deep.include({ payload: '1', origin: B });
      expect(topic.register.winner?.version).to.include({ time: START + 1_000, replica: 'us' });
      expect(topic.held).to.deep.equal(['0', '1']);
    });

    it('that equals the winner makes no new version', () => {
      const topic = settledTopic(protocol, '0');
      topic.writes(A, '1');
      const version = topic.register.winner?.version;
      topic.pass(1_000);
      expect(topic.writes(B, '1').effect).to.equal('repeated');
      expect(topic.register.winner?.version).to.equal(version);
      expect(topic.held).to.deep.equal(['1', '1']);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('deletes by an empty payload, everywhere', () => {
      const topic = settledTopic(protocol, '0', { brokers: 3 });
      expect(topic.deletes(A).effect).to.equal('won');
      const erasure = topic.sent(B);
      expect(erasure).to.include({ retain: true });
      expect(erasure.message.payload).to.equal('');
      expect(topic.echoes(erasure).effect).to.equal('echo');
      topic.settles(C);
      expect(topic.held).to.deep.equal(['absent', 'absent', 'absent']);
    });

    it('that deletes what is deleted already is no news', () => {
      const topic = settledTopic(protocol, '0');
      topic.deletes(A);
      topic.settles(B);
      const version = topic.register.winner?.version;
      topic.pass(1_000);
      expect(topic.deletes(B).effect).to.equal('repeated');
      expect(topic.register.winner?.version).to.equal(version);
    });

    it('brings a deleted topic back', () => {
      const topic = settledTopic(protocol, '0');
      topic.deletes(A);
      topic.settles(B);
      topic.writes(B, '1', { retained: true });
      topic.settles(A);
      expect(topic.held).to.deep.equal(['1', '1']);
    });
  });

  describe(`The time of a topic over ${protocol}`, () => {
    const ttl = { filter: { ttl: 10_000 } };

    it('starts at a write', () => {
      const topic = settledTopic(protocol, '0', ttl);
      topic.pass(1_000).writes(A, '1');
      expect(ends(topic)).to.equal(START + 11_000);
    });

    it('starts again at an equal write of a client', () => {
      const topic = settledTopic(protocol, '0', ttl);
      topic.pass(1_000).writes(B, '0');
      expect(ends(topic)).to.equal(START + 11_000);
    });

    it('does not start again at an echo', () => {
      const topic = settledTopic(protocol, '0', ttl);
      topic.writes(A, '1');
      const publish = topic.sent(B);
      topic.pass(1_000).echoes(publish);
      expect(ends(topic)).to.equal(START + 10_000);
    });

    it('does not start again where a broker shows what it held all along', () => {
      const topic = settledTopic(protocol, '0', ttl);
      topic.pass(1_000).replays(A, '0', { returnState: 'intact' });
      expect(ends(topic)).to.equal(START + 10_000);
    });

    const limits: readonly (readonly [ttl: number, expiry: number, left: number])[] = [
      [10_000, 3_000, 3_000],
      [10_000, 30_000, 10_000],
      [0, 3_000, 3_000],
      [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ];
    for (const [limit, expiry, left] of limits) {
      it(`with a TTL of ${limit} ms and a message expiry of ${expiry} ms is ${left} ms`, () => {
        const topic = settledTopic(protocol, '0', { filter: { ttl: limit } });
        topic.writes(A, '1', { expiry });
        expect(ends(topic)).to.equal(START + left);
      });
    }
  });

  describe(`RETAIN forced over ${protocol}`, () => {
    it('publishes a message retained that was not, also where it came from', () => {
      const topic = new Topic(protocol, { filter: { retain: true } });
      expect(topic.passes(A, '1').effect).to.equal('won');
      topic.answers(A, 'absent');
      for (const broker of [A, B]) expect(topic.sent(broker)).to.include({ broker, retain: true });
    });

    it('makes one version of a message, however often it is seen', () => {
      const topic = new Topic(protocol, { filter: { retain: true } });
      topic.passes(A, '1');
      topic.answers(A, 'absent');
      topic.settles(A, B);
      expect(topic.held).to.deep.equal(['1', '1']);
      expect([...topic.offer(A), ...topic.offer(B)]).to.deep.equal([]);
    });
  });

  describe(`At first contact over ${protocol}`, () => {
    it('what brokers retain is older than any live write', () => {
      const topic = new Topic(protocol, { brokers: 3 });
      topic.writes(A, 'live', { retained: true });
      expect(topic.replays(B, 'old', { firstContactRank: 99 }).effect).to.equal('lost');
      topic.settles(B, C);
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
        topic.settles(A, B);
        expect(topic.held).to.deep.equal(['of 0', 'of 0']);
      });
    }

    it('a topic of one broker only is copied', () => {
      const topic = new Topic(protocol);
      topic.replays(B, '1');
      expect(topic.sent(A).message.payload).to.equal('1');
    });
  });

  describe(`A broker that returns over ${protocol}`, () => {
    it('as we left it changes nothing', () => {
      const topic = settledTopic(protocol, '0');
      const before = topic.register;
      expect(topic.replays(A, '0', { returnState: 'intact' }).effect).to.equal('repeated');
      expect(topic.returns(A, 'shown').effect).to.equal('idle');
      expect(topic.register).to.equal(before);
    });

    it('as we left it gets what was written meanwhile', () => {
      const topic = settledTopic(protocol, '0');
      topic.writes(A, '1');
      topic.replays(B, '0', { returnState: 'intact' });
      topic.returns(B, 'shown');
      expect(topic.value).to.equal('1');
      expect(topic.sent(B).message.payload).to.equal('1');
    });

    if (protocol === 'MQTT 3.1.1')
      it('as we left it gets what was written meanwhile also where it replays without a retain flag', () => {
        const topic = settledTopic(protocol, '0');
        topic.writes(A, '1');
        topic.replays(B, '0', { returnState: 'intact', retained: undefined });
        topic.returns(B, 'not shown', 'wiped');
        topic.settles(A, B);
        expect(topic.held).to.deep.equal(['1', '1']);
      });

    it('with what was on its way there when we parted has it', () => {
      const topic = settledTopic(protocol, '0');
      topic.writes(A, '1');
      const { message } = topic.sent(B);
      const stamped = protocol === 'MQTT 3.1.1' ? {} : { stamp: message.version, own: true };
      topic.replays(B, '1', { returnState: 'intact', ...stamped });
      topic.returns(B, 'shown');
      expect(topic.held).to.deep.equal(['1', '1']);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('with something else was written to meanwhile, which wins', () => {
      const topic = settledTopic(protocol, '0');
      topic.pass(1_000);
      expect(topic.replays(B, '1', { returnState: 'intact' }).effect).to.equal('won');
      expect(topic.register.winner?.version.time).to.equal(START + 1_000);
      topic.settles(A);
      expect(topic.held).to.deep.equal(['1', '1']);
    });

    it('from an earlier state has nothing new to say', () => {
      const topic = settledTopic(protocol, '0');
      topic.writes(A, '1');
      topic.settles(B);
      expect(topic.replays(B, '0', { returnState: 'rolled back' }).effect).to.equal('lost');
      expect(topic.sent(B).message.payload).to.equal('1');
    });
  });

  describe(`A message that is not retained, over ${protocol}`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = new Topic(protocol, { brokers: 3 });
      topic.passes(A, '1');
      topic.answers(A, 'absent');
    });

    it('is handed on once to each other broker, not retained', () => {
      expect(topic.offer(A)).to.deep.equal([]);
      for (const broker of [B, C]) {
        const publish = topic.sent(broker);
        expect(publish).to.include({ retain: false });
        expect(publish.message.payload).to.equal('1');
        expect(topic.offer(broker)).to.deep.equal([]);
      }
    });

    it('is not handed on again when its echo comes', () => {
      expect(topic.echoes(topic.sent(B)).effect).to.equal('echo');
      expect([...topic.offer(A), ...topic.offer(B)]).to.deep.equal([]);
      expect(topic.held).to.deep.equal(['absent', 'unknown', 'unknown']);
    });

    it('gives way to the next one where it was not handed on yet', () => {
      topic.sent(B);
      topic.passes(A, '2');
      expect(topic.sent(B).message.payload).to.equal('2');
      expect(topic.sent(C).message.payload).to.equal('2');
    });

    it('is dropped when it is too old', () => {
      topic.pass(MAX_TRANSIENT_AGE_MS - 1).sent(B);
      topic.pass(1);
      expect(topic.offer(C)).to.deep.equal([]);
    });

    it('is dropped when it has expired', () => {
      topic.passes(A, '2', { expiry: 1_000 });
      topic.pass(1_000);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('goes only where it may', () => {
      const narrow = new Topic(protocol, { brokers: 3, filter: { publish: 1 << C } });
      narrow.passes(A, '1');
      expect(narrow.offer(B)).to.deep.equal([]);
      expect(narrow.offer(C)).to.have.lengthOf(1);
    });

    it('is handed on once where its broker delivers it twice, and again when it is published again', () => {
      const doubled = new Topic(protocol, { twice: 1 << A });
      doubled.passes(A, '1');
      doubled.answers(A, 'absent');
      doubled.echoes(doubled.sent(B));
      expect(doubled.pass(100).passes(A, '1').effect).to.equal('repeated');
      expect(doubled.offer(B)).to.deep.equal([]);
      expect(doubled.passes(A, '2').effect).to.equal('transient');
      expect(doubled.pass(1_000).passes(A, '2').effect).to.equal('transient');
      expect(doubled.passes(B, '2').effect, 'another broker').to.equal('transient');
    });

    it('leaves the retained message as it is', () => {
      const retained = settledTopic('MQTT 5', '0');
      retained.passes(A, '1');
      const publish = retained.sent(B);
      expect(publish.retain).to.equal(false);
      retained.echoes(publish);
      expect(retained.held).to.deep.equal(['0', '0']);
      expect(retained.value).to.equal('0');
    });
  });
}

for (const protocol of PROTOCOLS) {
  describe(`With REPEAT an equal retained message over ${protocol}`, () => {
    const filter = { repeat: true };

    it('goes to the other brokers once more, and its echo ends there', () => {
      const topic = settledTopic(protocol, '0', { brokers: 3, filter });
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

    it('goes out once a tick, however often it comes', () => {
      const topic = settledTopic(protocol, '0', { filter });
      for (let n = 0; n < 5; n++) topic.writes(A, '0');
      topic.sent(B);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('does not go out where it is a replay, or where two filters deliver it a second time', () => {
      const topic = settledTopic(protocol, '0', { filter });
      topic.replays(A, '0');
      expect(topic.offer(B)).to.deep.equal([]);
      if (protocol !== 'MQTT 3.1.1') return;
      const doubled = settledTopic(protocol, '0', { filter, twice: 1 << A });
      doubled.writes(A, '0');
      expect(doubled.offer(B)).to.deep.equal([]);
    });

    it('leaves a deletion as it is', () => {
      const topic = settledTopic(protocol, '0', { filter });
      topic.deletes(A);
      topic.settles(B);
      topic.deletes(A);
      expect(topic.offer(B).filter(({ retain }) => retain)).to.deep.equal([]);
    });
  });
}
