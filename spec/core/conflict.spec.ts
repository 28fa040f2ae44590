/** Which two messages are a conflict, and which comparator decides it. */

import { expect } from 'chai';
import { parseMergeChain } from '../../lib/core/merge-chain.ts';
import { compileDecider, type Decoders } from '../../lib/core/merge-order.ts';
import type { Message } from '../../lib/core/message.ts';
import { RANKS_PER_PRIORITY } from '../../lib/core/version.ts';
import { loadDecoders } from '../../lib/reconciler/decoding/decoders.ts';
import { A, B, PROTOCOLS, syncedTopic, Topic } from './topic.ts';

for (const protocol of PROTOCOLS) {
  describe(`step over ${protocol}`, () => {
    it('reports no conflict if a client writes to a broker that held the winner', () => {
      const topic = syncedTopic(protocol, '0');
      expect(topic.pass(1).writes(A, '1')).not.to.have.property('conflict');
      topic.sync(B);
      expect(topic.pass(1).writes(B, '2')).not.to.have.property('conflict');
      expect(topic.pass(1).writes(B, '3')).not.to.have.property('conflict');
    });

    it('reports a conflict if a client writes to a broker that had not received the winner', () => {
      const topic = syncedTopic(protocol, '0');
      topic.pass(1).writes(A, 'of A');
      const outcome = topic.pass(1).writes(B, 'of B');
      expect(outcome.effect).to.equal('won');
      expect(outcome.conflict?.winner).to.include({ payload: 'of B', origin: B });
      expect(outcome.conflict?.loser).to.include({ payload: 'of A', origin: A });
    });

    it('reports a conflict if brokers differ at first contact', () => {
      const topic = new Topic(protocol);
      topic.replays(A, 'of A', { firstContactRank: 1 });
      const { conflict } = topic.replays(B, 'of B', { firstContactRank: 2 });
      expect(conflict?.winner).to.include({ payload: 'of B' });
      expect(conflict?.loser).to.include({ payload: 'of A' });
    });

    it('reports a conflict if one client deletes and another writes at once', () => {
      const topic = syncedTopic(protocol, '0');
      topic.pass(1).deletes(A);
      const { conflict } = topic.pass(1).writes(B, '1');
      expect(conflict?.loser).to.include({ payload: '', origin: A });
    });

    it('reports no conflict if two clients write the same message', () => {
      const topic = syncedTopic(protocol, '0');
      topic.pass(1).writes(A, '1');
      expect(topic.pass(1).writes(B, '1')).not.to.have.property('conflict');
    });

    it('reports no conflict if a broker shows a message that was deleted before the winner was written', () => {
      const topic = syncedTopic(protocol, '0');
      topic.pass(1).deletes(A);
      topic.sync(B);
      topic.pass(1).writes(A, '1', { retained: true });
      topic.sync(B);
      const outcome = topic.pass(1).replays(B, '0', { returnState: 'rolled back' });
      expect(outcome.effect).to.equal('lost');
      expect(outcome).not.to.have.property('conflict');
    });

    it('reports no conflict if the broker delivers our own publish', () => {
      const topic = syncedTopic(protocol, '0');
      topic.pass(1).writes(A, '1');
      const sent = topic.sent(B);
      expect(topic.pass(1).echoes(sent)).not.to.have.property('conflict');
    });
  });
}

describe('compileDecider', () => {
  let decoders: Decoders;
  before(async () => {
    decoders = await loadDecoders(new Set(['json']));
  });

  function message(payload: string, time: number): Message {
    return {
      payload,
      properties: '',
      version: { time, counter: 0, replica: 'a' },
      origin: 0,
      messageExpiresAt: Number.POSITIVE_INFINITY,
      ttlExpiresAt: Number.POSITIVE_INFINITY,
    };
  }

  const chain = 'json:meta.serial,json:time,bytes';

  for (const [title, a, b, decided] of [
    [
      'names the first comparator that finds a difference',
      '{"meta":{"serial":2}}',
      '{"meta":{"serial":1}}',
      'json:meta.serial',
    ],
    ['names a comparator whose value only one message has', '{"time":7}', '{}', 'json:time'],
    ['names bytes if only the payloads differ', '{"x":1}', '{"x":2}', 'bytes'],
    ['names arrival if no other comparator finds a difference', 'x', 'x', 'arrival'],
    ['names arrival if one message is a deletion', '', '{"meta":{"serial":1}}', 'arrival'],
  ] as const) {
    it(title, () => {
      const parsed = parseMergeChain(chain);
      if ('fault' in parsed) throw new Error(parsed.fault.kind);
      const decider = compileDecider(parsed.chain, decoders);
      expect(decider(message(a, 1), message(b, 2))).to.equal(decided);
      expect(decider(message(b, 2), message(a, 1))).to.equal(decided);
    });
  }

  it('names priority for two messages of the first contact, and name if the priorities are equal', () => {
    const decider = compileDecider([{ by: 'arrival' }], {});
    const ofRank = (payload: string, counter: number) => ({
      ...message(payload, 0),
      version: { time: 0, counter, replica: '' },
    });
    expect(decider(ofRank('a', 1), ofRank('b', 2))).to.equal('name');
    expect(decider(ofRank('a', RANKS_PER_PRIORITY + 1), ofRank('b', 2))).to.equal('priority');
    expect(decider(ofRank('a', RANKS_PER_PRIORITY), ofRank('b', RANKS_PER_PRIORITY - 1))).to.equal(
      'priority',
    );
    expect(decider(ofRank('a', 3 * RANKS_PER_PRIORITY), ofRank('b', 3 * RANKS_PER_PRIORITY + 31))).to.equal(
      'name',
    );
    expect(decider(message('a', 0), message('b', 5))).to.equal('arrival');
  });
});
