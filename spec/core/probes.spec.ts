/** A probe is sent if nothing else tells what a broker retains, and its answer proves what it can know. */

import { expect } from 'chai';
import { A, B, C, PROTOCOLS, syncedTopic, Topic } from './topic.ts';

for (const protocol of PROTOCOLS) {
  describe(`An overdue echo over ${protocol}`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = syncedTopic(protocol, '0');
      topic.writes(A, '1');
      topic.sent(B);
    });

    it('sends one probe', () => {
      expect(topic.apply({ kind: 'echo-overdue', broker: B }).commands).to.deep.equal([
        { kind: 'probe', broker: B, priority: 'urgent' },
      ]);
      expect(topic.apply({ kind: 'echo-overdue', broker: B }).commands).to.deep.equal([]);
    });

    it('is ignored if nothing is pending', () => {
      expect(topic.apply({ kind: 'echo-overdue', broker: A }).effect).to.equal('idle');
    });

    it('of a transient message is forgotten, since a probe could not find it', () => {
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
      ['what was published: it arrived', '1', '1', '1', []],
      ['what it held before: the publish did not arrive', '0', '0', '1', ['1']],
      ['another message: it was written later', '2', '2', '2', []],
      ['nothing: it is given the winner', 'absent', 'absent', '1', ['1']],
      ['no answer: it is given the winner', 'unknown', 'unknown', '1', ['1']],
    ];
    for (const [what, found, held, value, sent] of answers) {
      it(`is decided if the broker shows ${what}`, () => {
        topic.apply({ kind: 'echo-overdue', broker: B });
        topic.answers(B, found);
        expect(topic.pending(B)).to.equal(0);
        expect(topic.held[B]).to.equal(held);
        expect(topic.value).to.equal(value);
        expect(topic.offer(B).map(({ message }) => message.payload)).to.deep.equal(sent);
      });
    }

    it('is probed again if the probe was lost', () => {
      topic.apply({ kind: 'echo-overdue', broker: B });
      topic.apply({ kind: 'probe-lost', broker: B });
      expect(topic.apply({ kind: 'echo-overdue', broker: B }).commands).to.deep.equal([
        { kind: 'probe', broker: B, priority: 'urgent' },
      ]);
    });

    it('confirms the publish if it comes while the probe is open', () => {
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

describe('A live message over MQTT 3.1.1', () => {
  const probe = [{ kind: 'probe', broker: A, priority: 'urgent' }];

  it('is passed on at once under a new topic, and its broker is probed', () => {
    const topic = new Topic('MQTT 3.1.1');
    const { effect, commands } = topic.writes(A, '1');
    expect(effect).to.equal('transient');
    expect(commands).to.deep.equal(probe);
    expect(topic.sent(B)).to.include({ retain: false });
  });

  it('is published retained if the probe finds it, with the version of its delivery', () => {
    const topic = new Topic('MQTT 3.1.1');
    topic.writes(A, '1');
    const version = topic.register.transient?.message.version;
    topic.pass(100);
    expect(topic.answers(A, '1').effect).to.equal('won');
    expect(topic.register.winner?.version).to.deep.equal(version);
    topic.sync(B);
    expect(topic.held).to.deep.equal(['1', '1']);
    expect(topic.writes(A, '2').commands).to.deep.equal([]);
    expect(topic.value).to.equal('2');
  });

  it('stays transient if the probe finds nothing, and the next one needs no probe', () => {
    const topic = new Topic('MQTT 3.1.1');
    topic.passes(A, '1');
    topic.answers(A, 'absent');
    const { effect, commands } = topic.passes(A, '2');
    expect({ effect, commands }).to.deep.equal({ effect: 'transient', commands: [] });
    expect(topic.value).to.equal(undefined);
  });

  it('has its broker probed again at the next message, if the broker does not say what it retains', () => {
    const topic = new Topic('MQTT 3.1.1');
    topic.writes(A, '1');
    topic.answers(A, 'unknown');
    expect(topic.writes(A, '2').commands).to.deep.equal(probe);
  });

  it('needs no probe if it is empty and the topic is unknown', () => {
    const topic = new Topic('MQTT 3.1.1');
    expect(topic.writes(A, '').commands).to.deep.equal([]);
    expect(topic.value).to.equal(undefined);
  });

  it('has its broker probed again after a deletion, and again at the next message', () => {
    const topic = new Topic('MQTT 3.1.1');
    topic.writes(A, '1');
    expect(topic.writes(A, '').commands).to.deep.equal(probe);
    expect(topic.writes(A, '2').commands).to.deep.equal(probe);
    topic.answers(A, '2');
    topic.sync(A, B);
    expect(topic.held).to.deep.equal(['2', '2']);
  });

  it('is not replaced by an older message that a stale probe finds', () => {
    const topic = new Topic('MQTT 3.1.1');
    topic.writes(A, '1');
    topic.writes(A, '2');
    topic.answers(A, '1');
    topic.sync(A, B);
    expect(topic.value).to.equal('2');
    expect(topic.held).to.deep.equal(['2', '2']);
  });

  for (const retain of [false, true]) {
    it(`wins against an earlier one at another broker, in whatever order the probes are answered${retain ? ', with RETAIN' : ''}`, () => {
      for (const order of [
        [A, B],
        [B, A],
      ]) {
        const topic = new Topic('MQTT 3.1.1', { filter: retain ? { retain } : {} });
        topic.writes(A, '1');
        topic.pass(10).writes(B, '2');
        topic.pass(100);
        for (const broker of order) topic.answers(broker, broker === A ? '1' : '2');
        topic.sync(A, B);
        expect(topic.held).to.deep.equal(['2', '2']);
      }
    });
  }

  for (const order of ['answered', 'unanswered'] as const) {
    it(`wins against an earlier one, though its broker does not say what it retains: the ${order} probe ends first`, () => {
      const topic = new Topic('MQTT 3.1.1');
      topic.writes(A, '1');
      topic.pass(10).writes(B, '2');
      topic.pass(100);
      if (order === 'answered') topic.answers(A, '1');
      topic.answers(B, 'unknown');
      if (order === 'unanswered') topic.answers(A, '1');
      topic.sync(A, B);
      expect(topic.held).to.deep.equal(['2', '2']);
    });
  }

  it('keeps its version though our copy of an answer to it makes the probe stale', () => {
    const topic = new Topic('MQTT 3.1.1');
    topic.writes(A, '1');
    topic.sync(B);
    topic.pass(10).writes(B, '2');
    topic.sync(A);
    topic.pass(100);
    topic.answers(A, '1');
    topic.answers(B, '2');
    topic.answers(A, '1');
    topic.sync(A, B);
    expect(topic.held).to.deep.equal(['2', '2']);
  });

  for (const writes of [['1'], ['1', '2']]) {
    it(`gets its TTL if the probe finds it, after ${writes.length} writes`, () => {
      const topic = new Topic('MQTT 3.1.1', { filter: { ttl: 3000 } });
      for (const payload of writes) topic.writes(A, payload);
      topic.answers(A, '1');
      expect(topic.register.winner).to.include({ payload: writes.at(-1), ttlExpiresAt: topic.now + 3000 });
    });
  }

  it('makes an absence stale, so that its broker is probed again', () => {
    const topic = syncedTopic('MQTT 3.1.1', '0');
    topic.returns(A, 'not shown');
    topic.writes(A, '1');
    expect(topic.answers(A, 'absent', 'deletion').commands).to.deep.equal(probe);
    topic.answers(A, '1', 'deletion');
    topic.sync(B);
    expect(topic.held).to.deep.equal(['1', '1']);
  });

  it('counts as retained without a probe if its broker replayed the topic', () => {
    const topic = new Topic('MQTT 3.1.1', { brokers: 3 });
    expect(topic.replays(A, '0').commands).to.deep.equal([]);
    expect(topic.writes(A, '1').commands).to.deep.equal([]);
    topic.sync(B, C);
    expect(topic.held).to.deep.equal(['1', '1', '1']);
  });
});
