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
      topic.echoes({ kind: 'publish', broker: B, message, retain: true, qos: 1, confirm: false });
      topic.answers(B, '1');
      expect(topic.held).to.deep.equal(['1', '1']);
      expect(topic.offer(B)).to.deep.equal([]);
    });
  });
}
