/** The winner expires by its TTL, and becomes a deletion. */

import { expect } from 'chai';
import { isForgettable, TOMBSTONE_RETENTION_MS } from '../../lib/core/forgetting.ts';
import { A, B, PROTOCOLS, syncedTopic } from './topic.ts';

describe('Expiry', () => {
  const ttl = { filter: { ttl: 10_000 } };

  for (const protocol of PROTOCOLS) {
    it(`deletes the topic at all brokers, also at that of the writer, over ${protocol}`, () => {
      const topic = syncedTopic(protocol, '0', ttl);
      topic.pass(10_000);
      const outcome = topic.apply({ kind: 'expired', newVersion: topic.newVersion(), now: topic.now });
      expect(outcome.effect).to.equal('expired');
      topic.sync(A, B);
      expect(topic.held).to.deep.equal(['absent', 'absent']);
      expect(isForgettable(topic.register, topic.policy, topic.now)).to.equal(false);
      topic.pass(TOMBSTONE_RETENTION_MS);
      expect(isForgettable(topic.register, topic.policy, topic.now)).to.equal(true);
    });
  }

  it('does not come early', () => {
    const topic = syncedTopic('MQTT 5', '0', ttl);
    topic.pass(9_999);
    expect(topic.apply({ kind: 'expired', newVersion: topic.newVersion(), now: topic.now }).effect).to.equal(
      'idle',
    );
  });

  it('does not come for a deleted topic', () => {
    const topic = syncedTopic('MQTT 5', '0', ttl);
    topic.pass(10_000).apply({ kind: 'expired', newVersion: topic.newVersion(), now: topic.now });
    topic.pass(1e9);
    expect(topic.apply({ kind: 'expired', newVersion: topic.newVersion(), now: topic.now }).effect).to.equal(
      'idle',
    );
  });
});
