/** Over MQTT 5 a message carries its version, so that a replicator knows which messages others have dated. */

import { expect } from 'chai';
import type { Version } from '../../lib/core/version.ts';
import { A, B, START, syncedTopic, Topic } from './topic.ts';

const foreign = (time: number): Version => ({ time, counter: 0, replica: 'another' });

describe('A stamp', () => {
  it('is the version of its message', () => {
    const topic = syncedTopic('MQTT 5', '0');
    topic.writes(A, '1', { stamp: foreign(START - 5) });
    expect(topic.register.winner?.version).to.deep.equal(foreign(START - 5));
  });

  it('makes a message lose that is older than the winner, and its broker is given the winner', () => {
    const topic = syncedTopic('MQTT 5', '0');
    topic.writes(A, '1');
    topic.sync(B);
    expect(topic.writes(B, '2', { stamp: foreign(START - 5) }).effect).to.equal('lost');
    expect(topic.sent(B).message.payload).to.equal('1');
  });

  it('does not restart the TTL: the message is a copy, not a write', () => {
    const topic = syncedTopic('MQTT 5', '0', { filter: { ttl: 10_000 } });
    topic.pass(1_000).writes(B, '0', { stamp: foreign(START + 500) });
    expect(topic.register.winner?.ttlExpiresAt).to.equal(START + 10_000);
  });

  it('identifies the echo: a client that writes the pending value makes none', () => {
    const topic = syncedTopic('MQTT 5', '0');
    topic.writes(A, '1');
    const ours = topic.sent(B);
    expect(topic.writes(B, '1').effect).to.equal('repeated');
    expect(topic.pending(B)).to.equal(1);
    expect(topic.echoes(ours).effect).to.equal('echo');
    expect(topic.pending(B)).to.equal(0);
  });

  it('identifies the echo also if the broker altered the message, which then only claims to have it', () => {
    const topic = syncedTopic('MQTT 5', '0');
    topic.writes(A, '1');
    const ours = topic.sent(B);
    const claim = ours.message.version;
    expect(topic.echoes(ours, { stamp: undefined, own: false, claim }).effect).to.equal('echo');
    expect(topic.pending(B)).to.equal(0);
  });

  it('is missing over MQTT 3.1.1: a client that writes the pending value looks like the echo', () => {
    const topic = syncedTopic('MQTT 3.1.1', '0');
    topic.writes(A, '1');
    const ours = topic.sent(B);
    expect(topic.writes(B, '1').effect).to.equal('echo');
    expect(topic.echoes(ours).effect).to.equal('repeated');
    expect(topic.held).to.deep.equal(['1', '1']);
  });

  it('is not believed if a client copied it onto another payload', () => {
    const topic = syncedTopic('MQTT 5', '0');
    topic.writes(A, '1');
    topic.sync(B);
    const stamp = topic.register.winner?.version;
    expect(topic.writes(B, '2', { stamp }).effect).to.equal('won');
    topic.sync(A);
    expect(topic.held).to.deep.equal(['2', '2']);
    expect(topic.register.winner?.version).not.to.deep.equal(stamp);
  });

  it('is not believed if it is that of the winner, and the broker was not known to hold that', () => {
    const topic = new Topic('MQTT 5');
    topic.writes(A, '1');
    const stamp = topic.register.winner?.version;
    expect(topic.writes(B, '2', { stamp }).effect).to.equal('won');
    expect(topic.register.winner?.version).not.to.deep.equal(stamp);
  });

  it('is not believed if it is that of what the broker held, though another message has won since', () => {
    const topic = syncedTopic('MQTT 5', '0');
    topic.writes(A, '1');
    topic.sync(B);
    const stamp = topic.register.winner?.version;
    topic.writes(A, '2');
    expect(topic.writes(B, '3', { stamp }).effect).to.equal('won');
  });

  it('counts at first contact too', () => {
    const topic = new Topic('MQTT 5');
    topic.replays(A, 'old', { firstContactRank: 9 });
    topic.replays(B, 'new', { firstContactRank: 1, stamp: foreign(START - 5) });
    expect(topic.value).to.equal('new');
  });

  it('prevents that a transient message is passed on twice', () => {
    const topic = new Topic('MQTT 5', { brokers: 3 });
    expect(topic.passes(A, '1', { stamp: foreign(START) }).effect).to.equal('transient');
    for (const stamp of [foreign(START), foreign(START - 1)]) {
      expect(topic.passes(B, '1', { stamp }).effect).to.equal('repeated');
    }
    expect(topic.passes(B, '2', { stamp: foreign(START + 1) }).effect).to.equal('transient');
  });

  it('of our own on a transient message shows that the message was passed on before', () => {
    const topic = new Topic('MQTT 5', { brokers: 3 });
    expect(topic.passes(A, '1', { stamp: topic.newVersion(), own: true }).effect).to.equal('repeated');
    expect(topic.offer(B)).to.deep.equal([]);
  });
});

describe('Properties', () => {
  it('make another message if they differ', () => {
    const topic = syncedTopic('MQTT 5', '0');
    expect(topic.writes(A, '0', { properties: '["other"]' }).effect).to.equal('won');
    expect(topic.sent(B).message.properties).to.equal('["other"]');
  });

  it('make no other message if they are unknown', () => {
    const topic = syncedTopic('MQTT 5', '0');
    topic.writes(A, '1', { properties: '["other"]' });
    topic.sync(B);
    expect(topic.writes(B, '1', { properties: undefined, stamps: false }).effect).to.equal('repeated');
    expect(topic.register.winner?.properties).to.equal('["other"]');
  });
});
