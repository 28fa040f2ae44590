/** Each broker is sent once what it lacks, and the echo proves in which order the broker stored it. */

import { expect } from 'chai';
import { MAX_PENDING } from '../../lib/core/register.ts';
import { A, B, C, PROTOCOLS, syncedTopic, type Topic } from './topic.ts';

for (const protocol of PROTOCOLS) {
  describe(`A retained message over ${protocol}`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = syncedTopic(protocol, '0', { brokers: 3 });
    });

    it('is published to each broker that lacks it, and not to that of its writer', () => {
      topic.writes(A, '1');
      expect(topic.offer(A)).to.deep.equal([]);
      expect(topic.sent(B)).to.include({
        kind: 'publish',
        broker: B,
        retain: true,
        qos: 1,
        hasNoEcho: false,
      });
      expect(topic.sent(C).message).to.equal(topic.register.winner);
    });

    it('is published once while its echo is awaited', () => {
      topic.writes(A, '1');
      topic.sent(B);
      expect(topic.pending(B)).to.equal(1);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('is published only if it is the newest', () => {
      topic.writes(A, '1');
      topic.writes(A, '2');
      topic.writes(A, '3');
      expect(topic.sent(B).message.payload).to.equal('3');
    });

    it('is not published to a broker without permission', () => {
      const forbidden = syncedTopic(protocol, '0', { filter: { publish: 1 << A } });
      forbidden.writes(A, '1');
      expect(forbidden.offer(B)).to.deep.equal([]);
    });

    it('is published before a newer transient message, and after an older one', () => {
      topic.writes(A, 'online', { retained: true });
      topic.passes(A, 'offline', { retained: false });
      const payloads = (broker: number) =>
        topic.offer(broker).map(one => 'message' in one && one.message.payload);
      expect(payloads(B)).to.deep.equal(['online', 'offline']);
      topic.writes(A, 'online again', { retained: true });
      expect(payloads(C)).to.deep.equal(['offline', 'online again']);
    });

    it('is published before a newer transient message, which waits if only one more publish may be pending', () => {
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

    it('is not published while a probe is open at the broker', () => {
      topic.writes(A, '1');
      topic.sent(B);
      topic.apply({ kind: 'echo-overdue', broker: B });
      topic.writes(A, '2');
      expect(topic.offer(B)).to.deep.equal([]);
      expect(topic.sent(C).message.payload).to.equal('2');
    });

    it('has the effect "probing" while it waits for an open probe', () => {
      topic.apply({ kind: 'scan-due', broker: B });
      expect(topic.apply({ kind: 'offered', broker: B, now: topic.now }).effect).to.equal('idle');
      topic.writes(A, '1');
      expect(topic.apply({ kind: 'offered', broker: B, now: topic.now }).effect).to.equal('probing');
      topic.answers(B, '0');
      expect(topic.sent(B).message.payload).to.equal('1');
    });

    it('is held by the broker after its echo, which makes no new version', () => {
      topic.writes(A, '1');
      const { winner } = topic.register;
      expect(topic.echoes(topic.sent(B)).effect).to.equal('echo');
      expect(topic.register.winner).to.equal(winner);
      expect(topic.held).to.deep.equal(['1', '1', '0']);
      expect(topic.pending(B)).to.equal(0);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('does not come back by an echo that comes after the next publish', () => {
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

    it('is not pending any more after the echo of a later one', () => {
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

    it('stays pending at one broker after the echo of another', () => {
      topic.writes(A, '1');
      topic.sent(C);
      topic.echoes(topic.sent(B));
      expect(topic.pending(C)).to.equal(1);
    });

    it('loses to a write before its echo, though the broker holds it then', () => {
      topic.writes(A, '1');
      const ours = topic.sent(B);
      expect(topic.writes(B, '9').effect).to.equal('won');
      topic.echoes(ours);
      expect(topic.held).to.deep.equal(['1', '1', '0']);
      expect(topic.value).to.equal('9');
      topic.sync(A, B, C);
      expect(topic.held).to.deep.equal(['9', '9', '9']);
    });

    it('loses to a write after its echo', () => {
      topic.writes(A, '1');
      topic.echoes(topic.sent(B));
      topic.writes(B, '9');
      expect(topic.offer(B)).to.deep.equal([]);
      topic.sync(A, C);
      expect(topic.held).to.deep.equal(['9', '9', '9']);
    });

    it('keeps its version if a client writes the pending value', () => {
      topic.writes(A, '1');
      const ours = topic.sent(B);
      const { winner } = topic.register;
      topic.writes(B, '1');
      topic.echoes(ours);
      expect(topic.register.winner?.version).to.deep.equal(winner?.version);
      expect(topic.pending(B)).to.equal(0);
      expect([...topic.offer(A), ...topic.offer(B)]).to.deep.equal([]);
    });

    it('has one version for each write of a client that toggles', () => {
      const values = ['ON', 'OFF', 'ON', 'OFF', 'ON'];
      const sent = values.map(value => {
        expect(topic.writes(A, value).effect).to.equal('won');
        return topic.sent(B);
      });
      expect(sent.map(publish => topic.echoes(publish).effect)).to.deep.equal(sent.map(() => 'echo'));
      expect(topic.value).to.equal('ON');
      expect([...topic.offer(A), ...topic.offer(B)]).to.deep.equal([]);
    });

    it('ends equal at all brokers if a client toggles before the echoes', () => {
      topic.writes(A, 'ON');
      const on = topic.sent(B);
      topic.writes(A, 'OFF');
      const off = topic.sent(B);
      topic.writes(B, 'OFF');
      topic.echoes(on);
      topic.echoes(off);
      topic.sync(A, B, C);
      topic.sync(A, B, C);
      expect(topic.held).to.deep.equal(['OFF', 'OFF', 'OFF']);
    });

    it('is pending at most MAX_PENDING times, and then only the newest value is published', () => {
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

    it('is pending at most MAX_PENDING times together with transient messages', () => {
      for (let index = 0; index < MAX_PENDING - 1; index++) {
        topic.writes(A, `value ${index}`);
        topic.sent(B);
      }
      topic.passes(A, 'transient', { retained: false });
      topic.writes(A, 'last', { retained: true });
      topic.offer(B);
      expect(topic.pending(B)).to.be.at.most(MAX_PENDING);
    });

    it('is published again after the broker refused it', () => {
      topic.writes(A, '1');
      const { message } = topic.sent(B);
      topic.apply({ kind: 'refused', broker: B, version: message.version });
      expect(topic.held[B]).to.equal('0');
      expect(topic.sent(B).message).to.equal(message);
    });

    it('does not change by a refusal of a publish that is not pending', () => {
      topic.writes(A, '1');
      const before = topic.register;
      expect(topic.apply({ kind: 'refused', broker: B, version: topic.newVersion() }).effect).to.equal(
        'idle',
      );
      expect(topic.register).to.equal(before);
    });
  });
}
