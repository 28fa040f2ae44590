/** A message that is not retained is passed on once to each other broker. */

import { expect } from 'chai';
import { MAX_TRANSIENT_AGE_MS } from '../../lib/core/register.ts';
import { A, B, C, PROTOCOLS, syncedTopic, Topic } from './topic.ts';

for (const protocol of PROTOCOLS) {
  describe(`A transient message over ${protocol}`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = new Topic(protocol, { brokers: 3 });
      topic.passes(A, '1');
      topic.answers(A, 'absent');
    });

    it('is passed on once to each other broker, unretained', () => {
      expect(topic.offer(A)).to.deep.equal([]);
      for (const broker of [B, C]) {
        const publish = topic.sent(broker);
        expect(publish).to.include({ retain: false });
        expect(publish.message.payload).to.equal('1');
        expect(topic.offer(broker)).to.deep.equal([]);
      }
    });

    it('is not passed on again when its echo comes', () => {
      expect(topic.echoes(topic.sent(B)).effect).to.equal('echo');
      expect([...topic.offer(A), ...topic.offer(B)]).to.deep.equal([]);
      expect(topic.held).to.deep.equal(['absent', 'unknown', 'unknown']);
    });

    it('is replaced by the next one at brokers to which it was not passed on yet', () => {
      topic.sent(B);
      topic.passes(A, '2');
      expect(topic.sent(B).message.payload).to.equal('2');
      expect(topic.sent(C).message.payload).to.equal('2');
    });

    it('is dropped if it is too old', () => {
      topic.pass(MAX_TRANSIENT_AGE_MS - 1).sent(B);
      topic.pass(1);
      expect(topic.offer(C)).to.deep.equal([]);
    });

    it('is dropped if it has expired', () => {
      topic.passes(A, '2', { expiry: 1_000 });
      topic.pass(1_000);
      expect(topic.offer(B)).to.deep.equal([]);
    });

    it('is passed on only to brokers that may be published to', () => {
      const narrow = new Topic(protocol, { brokers: 3, filter: { publish: 1 << C } });
      narrow.passes(A, '1');
      expect(narrow.offer(B)).to.deep.equal([]);
      expect(narrow.offer(C)).to.have.lengthOf(1);
    });

    it('is passed on once if its broker delivers it twice, and again if it is published again', () => {
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

    it('does not change the retained message', () => {
      const retained = syncedTopic('MQTT 5', '0');
      retained.passes(A, '1');
      const publish = retained.sent(B);
      expect(publish.retain).to.equal(false);
      retained.echoes(publish);
      expect(retained.held).to.deep.equal(['0', '0']);
      expect(retained.value).to.equal('0');
    });
  });
}
