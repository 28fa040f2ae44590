/** A message goes out to each broker that lacks it, once, and its echo tells the order in which it was stored. */

import { expect } from 'chai';
import { MAX_PENDING } from '../../lib/core/register.ts';
import { A, B, C, PROTOCOLS, settledTopic, Topic } from './topic.ts';

for (const protocol of PROTOCOLS) {
  describe(`A retained message goes out over ${protocol}`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = settledTopic(protocol, '0', { brokers: 3 });
    });

    it('to each broker that lacks it, and not back to where it was written', () => {
      topic.writes(A, '1');
      expect(topic.offer(A)).to.deep.equal([]);
      expect(topic.sent(B)).to.include({ kind: 'publish', broker: B, retain: true, qos: 1, confirm: false });
      expect(topic.sent(C).message).to.equal(topic.register.winner);
    });

    it('once, while its echo is awaited', () => {
      topic.writes(A, '1');
      topic.sent(B);
      expect(topic.pending(B)).to.equal(1);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('as the newest value only', () => {
      topic.writes(A, '1');
      topic.writes(A, '2');
      topic.writes(A, '3');
      expect(topic.sent(B).message.payload).to.equal('3');
    });

    it('not to a broker that may not be published to', () => {
      const forbidden = settledTopic(protocol, '0', { filter: { publish: 1 << A } });
      forbidden.writes(A, '1');
      expect(forbidden.offer(B)).to.deep.equal([]);
    });

    it('before a newer message that is not retained, and after an older one', () => {
      topic.writes(A, 'online', { retained: true });
      topic.passes(A, 'offline', { retained: false });
      const payloads = (broker: number) =>
        topic.offer(broker).map(one => 'message' in one && one.message.payload);
      expect(payloads(B)).to.deep.equal(['online', 'offline']);
      topic.writes(A, 'online again', { retained: true });
      expect(payloads(C)).to.deep.equal(['offline', 'online again']);
    });

    it('or what is newer of the two waits, where only one more may be in flight', () => {
      for (let n = 1; n < MAX_PENDING; n++) {
        topic.writes(A, String(n));
        topic.sent(B);
      }
      topic.writes(A, 'online', { retained: true });
      topic.passes(A, 'offline', { retained: false });
      expect(topic.sent(B).message.payload).to.equal('online');
      const [echoed] = topic.register.pending;
      if (echoed !== undefined) topic.apply({ kind: 'refused', broker: B, version: echoed.message.version });
      expect(topic.sent(B).message.payload).to.equal('offline');
    });

    it('not to a broker that is being asked what it retains', () => {
      topic.writes(A, '1');
      topic.sent(B);
      topic.apply({ kind: 'echo-overdue', broker: B });
      topic.writes(A, '2');
      expect(topic.offer(B)).to.deep.equal([]);
      expect(topic.sent(C).message.payload).to.equal('2');
    });

    it('and where it waits for such an answer, that is told from having nothing to send', () => {
      topic.apply({ kind: 'scan-due', broker: B });
      expect(topic.apply({ kind: 'offered', broker: B, now: topic.now }).effect).to.equal('idle');
      topic.writes(A, '1');
      expect(topic.apply({ kind: 'offered', broker: B, now: topic.now }).effect).to.equal('probing');
      topic.answers(B, '0');
      expect(topic.sent(B).message.payload).to.equal('1');
    });

    it('and its echo makes the broker hold it, and no new version', () => {
      topic.writes(A, '1');
      const { winner } = topic.register;
      expect(topic.echoes(topic.sent(B)).effect).to.equal('echo');
      expect(topic.register.winner).to.equal(winner);
      expect(topic.held).to.deep.equal(['1', '1', '0']);
      expect(topic.pending(B)).to.equal(0);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('and the echo of it after the next one was published flips nothing', () => {
      topic.writes(A, '1');
      const first = topic.sent(B);
      topic.writes(A, '2');
      const second = topic.sent(B);
      expect(topic.echoes(first).effect).to.equal('echo');
      expect(topic.value).to.equal('2');
      expect([...topic.offer(A), ...topic.offer(B)]).to.deep.equal([]);
      expect(topic.echoes(second).effect).to.equal('echo');
      expect([...topic.offer(A), ...topic.offer(B)]).to.deep.equal([]);
      expect(topic.held).to.deep.equal(['2', '2', '0']);
    });

    it('and an echo takes those before it along, which were lost', () => {
      topic.writes(A, '1');
      topic.sent(B);
      topic.writes(A, '2');
      const second = topic.sent(B);
      topic.writes(A, '3');
      const third = topic.sent(B);
      topic.echoes(second);
      expect(topic.pending(B)).to.equal(1);
      topic.echoes(third);
      expect(topic.pending(B)).to.equal(0);
    });

    it('and what was pending at another broker stays pending', () => {
      topic.writes(A, '1');
      topic.sent(C);
      topic.echoes(topic.sent(B));
      expect(topic.pending(C)).to.equal(1);
    });

    it('and a foreign write before its echo wins, though the broker now holds ours', () => {
      topic.writes(A, '1');
      const ours = topic.sent(B);
      expect(topic.writes(B, '9').effect).to.equal('won');
      topic.echoes(ours);
      expect(topic.held).to.deep.equal(['1', '1', '0']);
      expect(topic.value).to.equal('9');
      topic.settles(A, B, C);
      expect(topic.held).to.deep.equal(['9', '9', '9']);
    });

    it('and a foreign write after its echo wins', () => {
      topic.writes(A, '1');
      topic.echoes(topic.sent(B));
      topic.writes(B, '9');
      expect(topic.offer(B)).to.deep.equal([]);
      topic.settles(A, C);
      expect(topic.held).to.deep.equal(['9', '9', '9']);
    });

    it('and a client that writes the very value in flight changes nothing', () => {
      topic.writes(A, '1');
      const ours = topic.sent(B);
      const { winner } = topic.register;
      topic.writes(B, '1');
      topic.echoes(ours);
      expect(topic.register.winner?.version).to.deep.equal(winner?.version);
      expect(topic.pending(B)).to.equal(0);
      expect([...topic.offer(A), ...topic.offer(B)]).to.deep.equal([]);
    });

    it('and a toggling writer makes one version a write', () => {
      const values = ['ON', 'OFF', 'ON', 'OFF', 'ON'];
      const sent = values.map(value => {
        expect(topic.writes(A, value).effect).to.equal('won');
        return topic.sent(B);
      });
      expect(sent.map(publish => topic.echoes(publish).effect)).to.deep.equal(sent.map(() => 'echo'));
      expect(topic.value).to.equal('ON');
      expect([...topic.offer(A), ...topic.offer(B)]).to.deep.equal([]);
    });

    it('and a client that toggles in between ends with equal brokers', () => {
      topic.writes(A, 'ON');
      const on = topic.sent(B);
      topic.writes(A, 'OFF');
      const off = topic.sent(B);
      topic.writes(B, 'OFF');
      topic.echoes(on);
      topic.echoes(off);
      topic.settles(A, B, C);
      topic.settles(A, B, C);
      expect(topic.held).to.deep.equal(['OFF', 'OFF', 'OFF']);
    });

    it('no more often at once than MAX_PENDING, and then the newest value', () => {
      const sent = Array.from({ length: MAX_PENDING }, (_, index) => {
        topic.writes(A, `value ${index}`);
        return topic.sent(B);
      });
      topic.writes(A, 'late');
      expect(topic.offer(B)).to.deep.equal([]);
      topic.writes(A, 'later');
      expect(topic.offer(B)).to.deep.equal([]);
      expect(topic.sent(C).message.payload).to.equal('later');
      for (const publish of sent) topic.echoes(publish);
      expect(topic.sent(B).message.payload).to.equal('later');
    });

    it('no more often at once than MAX_PENDING, those that are not retained among them', () => {
      for (let index = 0; index < MAX_PENDING - 1; index++) {
        topic.writes(A, `value ${index}`);
        topic.sent(B);
      }
      topic.passes(A, 'transient', { retained: false });
      topic.writes(A, 'last', { retained: true });
      topic.offer(B);
      expect(topic.pending(B)).to.be.at.most(MAX_PENDING);
    });

    it('anew once the broker has refused it', () => {
      topic.writes(A, '1');
      const { message } = topic.sent(B);
      topic.apply({ kind: 'refused', broker: B, version: message.version });
      expect(topic.held[B]).to.equal('0');
      expect(topic.sent(B).message).to.equal(message);
    });

    it('and a refusal of what is not pending means nothing', () => {
      topic.writes(A, '1');
      const before = topic.register;
      expect(topic.apply({ kind: 'refused', broker: B, version: topic.fresh() }).effect).to.equal('idle');
      expect(topic.register).to.equal(before);
    });
  });

  describe(`Where there is no echo over ${protocol}`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = new Topic(protocol, { filter: { subscribe: 1 << A } });
      topic.replays(A, '0');
    });

    it('the acknowledgement is asked for, and does', () => {
      const publish = topic.sent(B);
      expect(publish.confirm).to.equal(true);
      topic.apply({ kind: 'acknowledged', broker: B, version: publish.message.version });
      expect(topic.held).to.deep.equal(['0', '0']);
      expect(topic.pending(B)).to.equal(0);
    });

    it('an acknowledgement leaves later publishes pending', () => {
      const first = topic.sent(B);
      topic.writes(A, '1');
      topic.sent(B);
      topic.apply({ kind: 'acknowledged', broker: B, version: first.message.version });
      expect(topic.pending(B)).to.equal(1);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('an acknowledgement of what is not pending means nothing', () => {
      const before = topic.register;
      expect(topic.apply({ kind: 'acknowledged', broker: B, version: topic.fresh() }).effect).to.equal(
        'idle',
      );
      expect(topic.register).to.equal(before);
    });

    it('a broker that comes back is sent what was pending', () => {
      topic.sent(B);
      topic.returns(B, 'not shown');
      expect(topic.sent(B).message.payload).to.equal('0');
    });
  });
}
