/** A message that a person restores wins, whatever the merge chain prefers, and stays. */

import { expect } from 'chai';
import type { Message } from '../../lib/core/message.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import { A, B, PROTOCOLS, syncedTopic, type Topic } from './topic.ts';

function restore(topic: Topic, payload: string): Outcome {
  return topic.apply({
    kind: 'restored',
    payload,
    properties: '',
    newVersion: topic.newVersion(),
    now: topic.now,
  });
}

describe('A message that a person restores', () => {
  for (const protocol of PROTOCOLS) {
    it(`replaces a deletion, and is published to every broker, over ${protocol}`, () => {
      const topic = syncedTopic(protocol, 'old');
      topic.pass(1);
      topic.deletes(A);
      topic.sync(B);
      expect(topic.held).to.deep.equal(['absent', 'absent']);
      topic.pass(1);
      expect(restore(topic, 'old').effect).to.equal('won');
      for (const broker of [A, B]) {
        const publish = topic.sent(broker);
        expect(publish).to.deep.include({ kind: 'publish', retain: true });
        topic.echoes(publish);
      }
      expect(topic.held).to.deep.equal(['old', 'old']);
    });
  }

  it('beats a value that the merge chain prefers, even if a broker returns with that value', () => {
    const topic = syncedTopic('MQTT 5', '1');
    const order = (a: Message, b: Message) => Number(a.payload) - Number(b.payload);
    Object.assign(topic, { policy: { ...topic.policy, order } });
    topic.pass(1);
    topic.writes(A, '9');
    topic.sync(B);
    topic.pass(1);
    restore(topic, '1');
    topic.sync(A, B);
    expect(topic.held).to.deep.equal(['1', '1']);
    topic.replays(B, '9', { returnState: 'rolled back' });
    expect(topic.value).to.equal('1');
  });

  it('changes nothing if it equals the winner', () => {
    const topic = syncedTopic('MQTT 5', 'same');
    const { winner } = topic.register;
    expect(restore(topic, 'same').effect).to.equal('repeated');
    expect(topic.register.winner).to.equal(winner);
  });

  it('restarts the TTL', () => {
    const topic = syncedTopic('MQTT 5', 'old', { filter: { ttl: 60_000 } });
    topic.deletes(A);
    topic.pass(50_000);
    restore(topic, 'old');
    expect(topic.register.winner?.ttlExpiresAt).to.equal(topic.now + topic.policy.ttl);
  });

  it('loses to a later write', () => {
    const topic = syncedTopic('MQTT 5', 'old');
    topic.pass(1);
    topic.deletes(A);
    restore(topic, 'old');
    topic.sync(A, B);
    topic.pass(1);
    topic.writes(B, 'newer');
    expect(topic.value).to.equal('newer');
  });
});
