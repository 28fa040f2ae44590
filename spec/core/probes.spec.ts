/** A probe is sent if nothing else tells what a broker retains, and its answer proves what it can know. */

import { expect } from 'chai';
import { A, B, PROTOCOLS, syncedTopic, Topic } from './topic.ts';

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
      topic.echoes({ kind: 'publish', broker: B, message, retain: true, qos: 1, hasNoEcho: false });
      topic.answers(B, '1');
      expect(topic.held).to.deep.equal(['1', '1']);
      expect(topic.offer(B)).to.deep.equal([]);
    });
  });
  describe(`Anti-entropy over ${protocol}`, () => {
    const scan = (topic: Topic) => topic.apply({ kind: 'scan-due', broker: B });

    it('sends a background probe', () => {
      expect(scan(syncedTopic(protocol, '0')).commands).to.deep.equal([
        { kind: 'probe', broker: B, priority: 'background' },
      ]);
    });

    it('does not probe while a publish is pending there, which its echo decides', () => {
      const topic = syncedTopic(protocol, '0');
      topic.writes(A, '1');
      topic.sent(B);
      expect(scan(topic)).to.deep.include({ effect: 'idle', commands: [] });
    });

    it('does not probe while a probe is open', () => {
      const topic = syncedTopic(protocol, '0');
      scan(topic);
      expect(scan(topic)).to.deep.include({ effect: 'idle', commands: [] });
    });

    it('changes nothing if the broker does not say what it retains', () => {
      const topic = syncedTopic(protocol, '0');
      scan(topic);
      topic.answers(B, 'unknown');
      expect(topic.held).to.deep.equal(['0', '0']);
    });

    it('finds that a broker lost a topic, which does not show that messages there are not retained', () => {
      const topic = syncedTopic(protocol, '0');
      scan(topic);
      topic.answers(B, 'absent');
      expect(topic.held).to.deep.equal(['0', 'absent']);
      expect(topic.register.inference.unretained).to.equal(0);
    });
  });

  describe(`A probe over ${protocol} for an overdue echo`, () => {
    it('knows our publish, though another message has won since', () => {
      const topic = syncedTopic(protocol, '0', { brokers: 3 });
      topic.writes(A, '1');
      topic.sent(B);
      topic.writes(A, '2');
      topic.apply({ kind: 'echo-overdue', broker: B });
      topic.answers(B, '1');
      expect(topic.value).to.equal('2');
      expect(topic.held[B]).to.equal('1');
    });

    it('takes no absence for a deletion though the broker held the winner, if another value was pending there', () => {
      const topic = syncedTopic(protocol, '0');
      topic.writes(A, '1');
      topic.sent(B);
      topic.writes(A, '0');
      topic.apply({ kind: 'echo-overdue', broker: B });
      topic.answers(B, 'absent', 'deletion');
      expect(topic.value).to.equal('0');
      expect(topic.held[B]).to.equal('absent');
    });
  });

  describe(`A probe over ${protocol} that finds a message to which the broker rolled back`, () => {
    it('gives it the oldest version of all', () => {
      const topic = new Topic(protocol);
      topic.apply({ kind: 'scan-due', broker: A });
      topic.answers(A, '1', 'loss', true);
      expect(topic.register.winner?.version).to.deep.equal({ time: 0, counter: 0, replica: '' });
    });
  });

  describe(`A stale probe over ${protocol}`, () => {
    const staleProbe = () => {
      const topic = syncedTopic(protocol, '0');
      topic.apply({ kind: 'scan-due', broker: A });
      topic.writes(A, '1');
      return topic;
    };
    const again = [{ kind: 'probe', broker: A, priority: 'urgent' }];

    for (const found of ['0', 'absent']) {
      it(`is sent again if its answer, ${found}, contradicts the message after it`, () => {
        const topic = staleProbe();
        expect(topic.answers(A, found).commands).to.deep.equal(again);
        expect(topic.held[A]).to.equal('1');
        expect(topic.answers(A, '1').commands).to.deep.equal([]);
        expect(topic.register.probes).to.deep.equal([]);
      });
    }

    it('is answered if it finds the message after it', () => {
      const topic = staleProbe();
      expect(topic.answers(A, '1').commands).to.deep.equal([]);
      expect(topic.register.probes).to.deep.equal([]);
      expect(topic.held[A]).to.equal('1');
    });
  });
}
