/** An echo without a stamp may be that of a retained or of a transient publish with the same payload. */

import { expect } from 'chai';
import type { Publish } from '../../lib/core/events.ts';
import { A, B, C, syncedTopic, type Topic } from './topic.ts';

describe('An echo of a retained publish over MQTT 5', () => {
  it('proves that the broker holds the message, whatever transient publishes are pending there', () => {
    const topic = syncedTopic('MQTT 5', '0');
    topic.writes(A, '1');
    const publish = topic.sent(B);
    topic.passes(A, '1');
    topic.offer(B);
    topic.echoes(publish);
    expect(topic.held[B]).to.equal('1');
    expect(topic.pending(B)).to.equal(1);
  });
});

describe('An echo of a retained publish over MQTT 3.1.1', () => {
  let topic: Topic;
  let publish: Publish;

  /** A retained message is pending at B. Then a transient message with this payload is sent to these brokers. */
  const pass = (payload: string, ...brokers: readonly number[]) => {
    topic.passes(A, payload, { retained: false });
    for (const broker of brokers) topic.offer(broker);
  };

  beforeEach(() => {
    topic = syncedTopic('MQTT 3.1.1', '0', { brokers: 3 });
    topic.writes(A, '1');
    publish = topic.sent(B);
  });

  it('proves that the broker holds the message', () => {
    topic.echoes(publish);
    expect(topic.held[B]).to.equal('1');
  });

  it('proves nothing if a transient publish with the same payload is pending there', () => {
    pass('1', B);
    expect(topic.echoes(publish).effect).to.equal('echo');
    expect(topic.held[B]).to.equal('0');
  });

  it('proves that the broker holds the message if it is a replay, since only what is retained is replayed', () => {
    pass('1', B);
    expect(topic.replays(B, '1', { returnState: 'intact' }).effect).to.equal('echo');
    expect(topic.held[B]).to.equal('1');
    expect(topic.register.pending).to.deep.equal([]);
  });

  it('proves that the broker holds the message if the transient publish has another payload', () => {
    pass('2', B);
    topic.echoes(publish);
    expect(topic.held[B]).to.equal('1');
  });

  it('proves that the broker holds the message if the transient publish is pending at another broker', () => {
    topic.sync(C);
    pass('1', C);
    topic.echoes(publish);
    expect(topic.held[B]).to.equal('1');
  });
});
