/** A live message that does not show whether it is retained: what it counts as, and what a probe concludes. */

import { expect } from 'chai';
import { A, B, C, syncedTopic, Topic } from './topic.ts';

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
