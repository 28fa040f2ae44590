/** What a broker retains is asked where nothing else tells, and an answer counts for what it can know. */

import { expect } from 'chai';
import { A, B, C, PROTOCOLS, settledTopic, Topic } from './topic.ts';

for (const protocol of PROTOCOLS) {
  describe(`An overdue echo over ${protocol}`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = settledTopic(protocol, '0');
      topic.writes(A, '1');
      topic.sent(B);
    });

    it('is asked for, once', () => {
      expect(topic.apply({ kind: 'echo-overdue', broker: B }).commands).to.deep.equal([
        { kind: 'probe', broker: B, priority: 'urgent' },
      ]);
      expect(topic.apply({ kind: 'echo-overdue', broker: B }).commands).to.deep.equal([]);
    });

    it('is none where nothing is pending', () => {
      expect(topic.apply({ kind: 'echo-overdue', broker: A }).effect).to.equal('idle');
    });

    it('of a message that is not retained is forgotten: it leaves no trace', () => {
      topic = new Topic(protocol);
      topic.passes(A, '1');
      topic.sent(B);
      expect(topic.apply({ kind: 'echo-overdue', broker: B }).commands).to.deep.equal([]);
      expect(topic.pending(B)).to.equal(0);
    });

    const answers: readonly (readonly [
      what: string,
      found: string,
      held: string,
      value: string,
      sent: string[],
    ])[] = [
      ['what was published, it arrived', '1', '1', '1', []],
      ['what it held before, it did not arrive', '0', '0', '1', ['1']],
      ['something else, that was written later', '2', '2', '2', []],
      ['nothing, it gets the winner', 'absent', 'absent', '1', ['1']],
      ['no answer, it gets the winner', 'unknown', 'unknown', '1', ['1']],
    ];
    for (const [what, found, held, value, sent] of answers) {
      it(`where the broker shows ${what}`, () => {
        topic.apply({ kind: 'echo-overdue', broker: B });
        topic.answers(B, found);
        expect(topic.pending(B)).to.equal(0);
        expect(topic.held[B]).to.equal(held);
        expect(topic.value).to.equal(value);
        expect(topic.offer(B).map(({ message }) => message.payload)).to.deep.equal(sent);
      });
    }

    it('whose question is never answered may be asked for again', () => {
      topic.apply({ kind: 'echo-overdue', broker: B });
      topic.apply({ kind: 'probe-lost', broker: B });
      expect(topic.apply({ kind: 'echo-overdue', broker: B }).commands).to.deep.equal([
        { kind: 'probe', broker: B, priority: 'urgent' },
      ]);
    });

    it('that comes while it is asked for settles the matter', () => {
      topic.apply({ kind: 'echo-overdue', broker: B });
      const message = topic.register.winner;
      if (message === undefined) throw new Error('nothing was written');
      topic.echoes({ kind: 'publish', broker: B, message, retain: true, qos: 1, confirm: false });
      topic.answers(B, '1');
      expect(topic.held).to.deep.equal(['1', '1']);
      expect(topic.offer(B)).to.deep.equal([]);
    });
  });

  describe(`A topic that a returning broker does not show, over ${protocol}`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = settledTopic(protocol, '0');
    });

    it('is asked for, since brokers cut replays short', () => {
      expect(topic.returns(B, 'not shown').commands).to.deep.equal([
        { kind: 'probe', broker: B, priority: 'background' },
      ]);
      topic.answers(B, '0');
      expect(topic.held).to.deep.equal(['0', '0']);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('and does not have was deleted there meanwhile', () => {
      topic.returns(B, 'not shown');
      expect(topic.answers(B, 'absent', 'deletion').effect).to.equal('won');
      topic.settles(A);
      expect(topic.held).to.deep.equal(['absent', 'absent']);
    });

    it('and does not have was lost, where absences are no deletions', () => {
      topic.returns(B, 'not shown');
      topic.answers(B, 'absent', 'loss');
      expect(topic.sent(B).message.payload).to.equal('0');
    });

    it('and does not have was not deleted, where a newer write beats that', () => {
      topic.writes(A, '1');
      topic.returns(B, 'not shown');
      topic.answers(B, 'absent', 'deletion');
      expect(topic.value).to.equal('1');
      expect(topic.sent(B).message.payload).to.equal('1');
    });

    it('and does not have was not deleted, where our write was on its way', () => {
      topic.writes(A, '1');
      topic.sent(B);
      topic.returns(B, 'not shown');
      topic.answers(B, 'absent', 'deletion');
      expect(topic.value).to.equal('1');
      expect(topic.sent(B).message.payload).to.equal('1');
    });

    it('and does not have was not deleted, where it may have gone back to before it had it', () => {
      topic.returns(B, 'not shown', 'intact', 'not known');
      expect(topic.held).to.deep.equal(['0', 'unknown']);
      topic.answers(B, 'absent', 'deletion');
      expect(topic.value).to.equal('0');
      expect(topic.sent(B).message.payload).to.equal('0');
    });

    it('and has as it was a moment ago is old', () => {
      topic.writes(A, '1');
      topic.settles(B);
      topic.returns(B, 'not shown', 'intact', 'another');
      expect(topic.answers(B, '0', 'loss', true).effect).to.equal('lost');
      expect(topic.value).to.equal('1');
      expect(topic.sent(B).message.payload).to.equal('1');
    });

    it('and that cannot be asked for is sent again, unless it is known to be there', () => {
      const unseen = settledTopic(protocol, '0', { filter: { subscribe: 1 } });
      expect(unseen.returns(B, 'not shown', 'intact', 'the same').effect).to.equal('idle');
      expect(unseen.offer(B)).to.deep.equal([]);
      unseen.returns(B, 'not shown', 'intact', 'another');
      expect(unseen.sent(B).message.payload).to.equal('0');
    });

    it('is sent at once, where the broker came back empty', () => {
      expect(topic.returns(B, 'not shown', 'wiped').commands).to.deep.equal([]);
      expect(topic.sent(B).message.payload).to.equal('0');
    });

    it('and it was never known to hold is not asked for', () => {
      const unknown = new Topic(protocol);
      unknown.replays(A, '0');
      expect(unknown.returns(B, 'not shown').effect).to.equal('idle');
      expect(unknown.sent(B).message.payload).to.equal('0');
    });
  });
}

describe('As published, over MQTT 3.1.1', () => {
  const probe = [{ kind: 'probe', broker: A, priority: 'urgent' }];

  it('a message on a new topic is handed on at once, and its broker is asked whether it is retained', () => {
    const topic = new Topic('MQTT 3.1.1');
    const { effect, commands } = topic.writes(A, '1');
    expect(effect).to.equal('transient');
    expect(commands).to.deep.equal(probe);
    expect(topic.sent(B)).to.include({ retain: false });
  });

  it('it is: it goes out retained, with the version that it had', () => {
    const topic = new Topic('MQTT 3.1.1');
    topic.writes(A, '1');
    const version = topic.register.transient?.message.version;
    topic.pass(100);
    expect(topic.answers(A, '1').effect).to.equal('won');
    expect(topic.register.winner?.version).to.deep.equal(version);
    topic.settles(B);
    expect(topic.held).to.deep.equal(['1', '1']);
    expect(topic.writes(A, '2').commands).to.deep.equal([]);
    expect(topic.value).to.equal('2');
  });

  it('it is not: the broker is not asked again', () => {
    const topic = new Topic('MQTT 3.1.1');
    topic.passes(A, '1');
    topic.answers(A, 'absent');
    const { effect, commands } = topic.passes(A, '2');
    expect({ effect, commands }).to.deep.equal({ effect: 'transient', commands: [] });
    expect(topic.value).to.equal(undefined);
  });

  it('the broker does not say: it is asked at the next message', () => {
    const topic = new Topic('MQTT 3.1.1');
    topic.writes(A, '1');
    topic.answers(A, 'unknown');
    expect(topic.writes(A, '2').commands).to.deep.equal(probe);
  });

  it('an empty payload on an unknown topic tells nothing, so nothing is asked', () => {
    const topic = new Topic('MQTT 3.1.1');
    expect(topic.writes(A, '').commands).to.deep.equal([]);
    expect(topic.value).to.equal(undefined);
  });

  it('a deletion in between makes the answer void, and the next message is asked for again', () => {
    const topic = new Topic('MQTT 3.1.1');
    topic.writes(A, '1');
    expect(topic.writes(A, '').commands).to.deep.equal(probe);
    expect(topic.writes(A, '2').commands).to.deep.equal(probe);
    topic.answers(A, '2');
    topic.settles(A, B);
    expect(topic.held).to.deep.equal(['2', '2']);
  });

  it('an answer that was overtaken by a newer message does not bring the old one back', () => {
    const topic = new Topic('MQTT 3.1.1');
    topic.writes(A, '1');
    topic.writes(A, '2');
    topic.answers(A, '1');
    topic.settles(A, B);
    expect(topic.value).to.equal('2');
    expect(topic.held).to.deep.equal(['2', '2']);
  });

  for (const retain of [false, true]) {
    it(`of two that cross on a new topic the later wins, whoever answers last${retain ? ', with RETAIN' : ''}`, () => {
      for (const order of [
        [A, B],
        [B, A],
      ]) {
        const topic = new Topic('MQTT 3.1.1', { filter: retain ? { retain } : {} });
        topic.writes(A, '1');
        topic.pass(10).writes(B, '2');
        topic.pass(100);
        for (const broker of order) topic.answers(broker, broker === A ? '1' : '2');
        topic.settles(A, B);
        expect(topic.held).to.deep.equal(['2', '2']);
      }
    });
  }

  for (const order of ['said', 'silent'] as const) {
    it(`of two that cross on a new topic the later wins, though its broker does not say, the ${order} one first`, () => {
      const topic = new Topic('MQTT 3.1.1');
      topic.writes(A, '1');
      topic.pass(10).writes(B, '2');
      topic.pass(100);
      if (order === 'said') topic.answers(A, '1');
      topic.answers(B, 'unknown');
      if (order === 'silent') topic.answers(A, '1');
      topic.settles(A, B);
      expect(topic.held).to.deep.equal(['2', '2']);
    });
  }

  it('one that was answered keeps its time though our own copy of the answer overtook the question', () => {
    const topic = new Topic('MQTT 3.1.1');
    topic.writes(A, '1');
    topic.settles(B);
    topic.pass(10).writes(B, '2');
    topic.settles(A);
    topic.pass(100);
    topic.answers(A, '1');
    topic.answers(B, '2');
    topic.answers(A, '1');
    topic.settles(A, B);
    expect(topic.held).to.deep.equal(['2', '2']);
  });

  for (const writes of [['1'], ['1', '2']]) {
    it(`what turns out to be retained gets its TTL, after ${writes.length} writes`, () => {
      const topic = new Topic('MQTT 3.1.1', { filter: { ttl: 3000 } });
      for (const payload of writes) topic.writes(A, payload);
      topic.answers(A, '1');
      expect(topic.register.winner).to.include({ payload: writes.at(-1), ttlExpiresAt: topic.now + 3000 });
    });
  }

  it('an absence that was overtaken by a message is asked for again', () => {
    const topic = settledTopic('MQTT 3.1.1', '0');
    topic.returns(A, 'not shown');
    topic.writes(A, '1');
    expect(topic.answers(A, 'absent', 'deletion').commands).to.deep.equal(probe);
    topic.answers(A, '1', 'deletion');
    topic.settles(B);
    expect(topic.held).to.deep.equal(['1', '1']);
  });

  it('what a broker shows in its replay is retained: nothing is asked', () => {
    const topic = new Topic('MQTT 3.1.1', { brokers: 3 });
    expect(topic.replays(A, '0').commands).to.deep.equal([]);
    expect(topic.writes(A, '1').commands).to.deep.equal([]);
    topic.settles(B, C);
    expect(topic.held).to.deep.equal(['1', '1', '1']);
  });
});
