/** With RETAIN a message that does not show whether it is retained wins; a probe tells whether its broker has to be given it. */

import { expect } from 'chai';
import { A, B, type Protocol, syncedTopic } from './topic.ts';

for (const protocol of ['MQTT 3.1.1', 'MQTT 5 without flags'] satisfies Protocol[]) {
  describe(`With RETAIN, a live message over ${protocol}`, () => {
    const filter = { retain: true };
    const scanned = (payload: string) => {
      const topic = syncedTopic(protocol, '0', { filter });
      topic.writes(A, payload);
      topic.sync(B);
      topic.apply({ kind: 'scan-due', broker: A });
      return topic;
    };

    for (const payload of ['1', '']) {
      const what = payload === '' ? 'an empty message' : 'a message';

      it(`stays the winner if a probe finds what the broker retained before ${what}, and is published there`, () => {
        const topic = scanned(payload);
        expect(topic.answers(A, '0')).to.deep.include({ effect: 'updated', commands: [] });
        expect(topic.value).to.equal(payload);
        expect(topic.held[A]).to.equal('0');
        expect(topic.sent(A).message.payload).to.equal(payload);
      });
    }

    it('is not published to its broker if a probe finds it there', () => {
      const topic = scanned('1');
      topic.answers(A, '1');
      expect(topic.offer(A)).to.deep.equal([]);
    });

    it('does not bring back what its broker retained before, though another message has won meanwhile', () => {
      const topic = scanned('1');
      topic.writes(B, '2', { retained: true });
      topic.answers(A, '0');
      expect(topic.value).to.equal('2');
      expect(topic.sent(A).message.payload).to.equal('2');
    });

    it('deletes the topic at its broker too, if a probe once found that the broker does not retain its messages', () => {
      const topic = syncedTopic(protocol, '0', { filter });
      topic.deletes(B);
      topic.sync(A);
      topic.writes(A, '1');
      topic.answers(A, 'absent');
      topic.sync(A, B);
      expect(topic.held).to.deep.equal(['1', '1']);
      topic.writes(A, '');
      expect(topic.sent(A).message.payload).to.equal('');
    });
  });
}
