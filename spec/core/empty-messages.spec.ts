/**
 * An empty message that does not show whether it is retained deletes the topic, or asks a client for its state. Its broker is
 * probed before anything is deleted.
 */

import { expect } from 'chai';
import type { Outcome } from '../../lib/core/outcome.ts';
import { NO_INFERENCE } from '../../lib/core/retain-inference.ts';
import { A, B, C, type Protocol, syncedTopic, Topic } from './topic.ts';

const PROBE = [{ kind: 'probe', broker: A, priority: 'urgent' }];

/** The messages that the broker is sent, as text. */
function sentTo(topic: Topic, broker: number): string[] {
  return topic
    .offer(broker)
    .map(({ message, retain }) => `${retain ? 'retained' : 'transient'} ${JSON.stringify(message.payload)}`);
}

for (const protocol of ['MQTT 3.1.1', 'MQTT 5 without flags'] satisfies Protocol[]) {
  describe(`An empty message under a topic that its broker retains, over ${protocol}`, () => {
    let topic: Topic;
    let outcome: Outcome;

    beforeEach(() => {
      topic = syncedTopic(protocol, 'old', { brokers: 3 });
      topic.pass(1_000);
      outcome = topic.writes(A, '');
    });

    it('is passed on at once, deletes nothing, and its broker is probed once', () => {
      expect(outcome).to.deep.include({ effect: 'transient', commands: PROBE });
      for (const broker of [B, C]) expect(sentTo(topic, broker)).to.deep.equal(['transient ""']);
      expect(topic.value).to.equal('old');
    });

    it('deletes nothing if the probe finds the topic', () => {
      for (const broker of [B, C]) for (const publish of topic.offer(broker)) topic.echoes(publish);
      expect(topic.answers(A, 'old')).to.deep.include({ effect: 'updated', commands: [] });
      expect(topic.register.probes).to.deep.equal([]);
      expect(topic.register.inference).to.equal(NO_INFERENCE);
      expect(topic.held).to.deep.equal(['old', 'old', 'old']);
      for (const broker of [A, B, C]) expect(sentTo(topic, broker)).to.deep.equal([]);
    });

    it('is passed on even if the answer comes before the tick', () => {
      topic.answers(A, 'old');
      for (const broker of [B, C]) expect(sentTo(topic, broker)).to.deep.equal(['transient ""']);
    });

    it('deletes the topic if the probe finds it absent, with the version of its delivery', () => {
      const seen = topic.register.transient?.message.version;
      topic.pass(500);
      expect(topic.answers(A, 'absent')).to.include({ effect: 'won', deletionProven: true });
      expect(topic.register.winner).to.deep.include({ payload: '', version: seen, origin: A });
      // The deletion says to subscribers what the empty message would.
      for (const broker of [B, C]) expect(sentTo(topic, broker)).to.deep.equal(['retained ""']);
      expect(topic.register.inference.unretained).to.equal(0);
    });

    for (const absence of ['deletion', 'loss'] as const)
      it(`deletes the topic if the probe finds it absent, even if an absence means ${absence}`, () => {
        topic.answers(A, 'absent', absence);
        topic.sync(B, C);
        expect(topic.held).to.deep.equal(['absent', 'absent', 'absent']);
      });

    it('does not delete a message that was written elsewhere before the answer', () => {
      topic.pass(10).writes(B, 'new', { retained: true });
      topic.answers(A, 'absent');
      topic.sync(A, B, C);
      expect(topic.held).to.deep.equal(['new', 'new', 'new']);
    });

    it('deletes nothing while the broker does not say what it retains, and its broker is probed again', () => {
      expect(topic.answers(A, 'unknown').commands).to.deep.equal([]);
      expect(topic.value).to.equal('old');
      expect(topic.apply({ kind: 'scan-due', broker: A }).commands).to.have.lengthOf(1);
      expect(topic.answers(A, 'absent').effect).to.equal('won');
    });

    it('deletes nothing after the probe was given up', () => {
      topic.answers(A, 'unknown');
      topic.apply({ kind: 'probe-lost', broker: A });
      expect(topic.register.inference.unresolved).to.deep.equal([]);
      topic.apply({ kind: 'scan-due', broker: A });
      topic.answers(A, 'absent');
      expect(topic.value).to.equal('old');
    });

    it('deletes nothing after the broker has returned, since an absence needs another proof then', () => {
      topic.answers(A, 'unknown');
      topic.returns(A, 'not shown');
      topic.answers(A, 'absent');
      expect(topic.value).to.equal('old');
    });

    it('has its broker probed again if a write follows, which wins if it is retained', () => {
      expect(topic.writes(A, 'new').commands).to.deep.equal(PROBE);
      topic.answers(A, 'new');
      topic.sync(B, C);
      expect(topic.held).to.deep.equal(['new', 'new', 'new']);
      expect(topic.register.tombstone, 'what was there before was deleted').to.not.equal(undefined);
    });

    it('deletes the topic if the write that follows is transient, unless the probe finds the old message', () => {
      topic.writes(A, 'transient');
      topic.answers(A, 'absent');
      expect(topic.value).to.equal('');
      const asked = syncedTopic(protocol, 'old');
      asked.writes(A, '');
      asked.writes(A, 'transient');
      asked.answers(A, 'old');
      expect(asked.value).to.equal('old');
    });

    it('has its broker probed again if a message made the answer stale', () => {
      topic.writes(A, '1');
      topic.writes(A, '2');
      for (const found of ['old', 'absent', '1'])
        expect(topic.answers(A, found).commands, found).to.deep.equal(found === 'old' ? PROBE : []);
      expect(topic.value).to.equal('1');
    });

    it('is passed on once if its broker delivers it twice', () => {
      const doubled = syncedTopic(protocol, 'old', { twice: 1 << A });
      doubled.writes(A, '');
      const second = doubled.pass(10).writes(A, '');
      expect(second).to.deep.include({ effect: 'repeated', commands: [] });
      expect(doubled.answers(A, 'absent').commands, 'stale').to.deep.equal(PROBE);
      doubled.answers(A, 'absent');
      expect(doubled.value).to.equal('');
    });

    it('does not come back from a broker that delivers twice what it is sent', () => {
      const doubled = syncedTopic(protocol, 'old', { twice: 1 << B });
      doubled.writes(A, '');
      const publish = doubled.sent(B);
      doubled.echoes(publish);
      doubled.pass(10).writes(B, '');
      expect(sentTo(doubled, A)).to.deep.equal([]);
    });
  });

  describe(`An empty message that crosses a publish of ours over ${protocol}`, () => {
    const crossed = () => {
      const topic = syncedTopic(protocol, 'old');
      topic.writes(B, 'new', { retained: true });
      const publish = topic.sent(A);
      topic.pass(1).writes(A, '');
      return { topic, publish };
    };

    it('does not delete our publish, whose echo proves that it was stored later', () => {
      const { topic, publish } = crossed();
      topic.answers(A, 'absent');
      expect(topic.value, 'not decided').to.equal('new');
      topic.echoes(publish);
      expect(topic.held).to.deep.equal(['new', 'new']);
      expect(topic.register.inference.unresolved).to.deep.equal([]);
    });

    it('deletes the topic if the echo does not come', () => {
      const { topic } = crossed();
      topic.answers(A, 'absent');
      expect(topic.apply({ kind: 'echo-overdue', broker: A }).commands).to.deep.equal(PROBE);
      topic.answers(A, 'absent');
      expect(topic.value).to.equal('');
    });
  });

  describe(`An empty message under a topic that its broker does not retain, over ${protocol}`, () => {
    it('is passed on each time if the topic was deleted, without a probe', () => {
      const topic = syncedTopic(protocol, 'old');
      topic.deletes(A);
      topic.sync(B);
      for (let time = 0; time < 2; time++) {
        expect(topic.pass(1_000).writes(A, '').commands).to.deep.equal([]);
        expect(sentTo(topic, B)).to.deep.equal(['transient ""']);
      }
      expect(topic.value).to.equal('');
    });

    it('is passed on if nothing was ever retained', () => {
      const topic = new Topic(protocol);
      expect(topic.writes(A, '').commands).to.deep.equal([]);
      expect(sentTo(topic, B)).to.deep.equal(['transient ""']);
    });

    it('deletes nothing at other brokers', () => {
      const topic = new Topic(protocol, { brokers: 3 });
      topic.replays(B, 'old');
      expect(topic.writes(A, '').commands).to.deep.equal([]);
      expect(topic.value).to.equal('old');
      expect(sentTo(topic, C)).to.have.members(['transient ""', 'retained "old"']);
    });
  });

  it(`An empty message deletes over ${protocol} if RETAIN is set: each message counts as retained`, () => {
    const topic = syncedTopic(protocol, 'old', { filter: { retain: true } });
    expect(topic.writes(A, '').effect).to.equal('won');
    expect(sentTo(topic, B)).to.deep.equal(['retained ""']);
  });
}
