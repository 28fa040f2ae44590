/** A topic to which we do not subscribe at a broker has no echo there: an acknowledgement confirms its publishes. */

import { expect } from 'chai';
import { A, B, PROTOCOLS, Topic } from './topic.ts';

for (const protocol of PROTOCOLS) {
  describe(`Without a subscription, over ${protocol}`, () => {
    let topic: Topic;

    beforeEach(() => {
      topic = new Topic(protocol, { filter: { subscribe: 1 << A } });
      topic.replays(A, '0');
    });

    it('an acknowledgement is requested, and confirms the publish', () => {
      const publish = topic.sent(B);
      expect(publish.hasNoEcho).to.equal(true);
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

    it('an acknowledgement of a publish that is not pending changes nothing', () => {
      const before = topic.register;
      expect(topic.apply({ kind: 'acknowledged', broker: B, version: topic.newVersion() }).effect).to.equal(
        'idle',
      );
      expect(topic.register).to.equal(before);
    });

    it('a broker that returns is sent again what was pending', () => {
      topic.sent(B);
      topic.returns(B, 'not shown');
      expect(topic.sent(B).message.payload).to.equal('0');
    });
  });
}
