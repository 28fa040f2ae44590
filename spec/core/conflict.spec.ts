/** When two messages are a conflict, and what decided it. */

import { expect } from 'chai';
import { parseMergeChain } from '../../lib/core/merge-chain.ts';
import { compileDecider, type Decoders } from '../../lib/core/merge-order.ts';
import type { Message } from '../../lib/core/message.ts';
import { loadDecoders } from '../../lib/reconciler/decoding/decoders.ts';
import { A, B, PROTOCOLS, settledTopic, Topic } from './topic.ts';

for (const protocol of PROTOCOLS) {
  describe(`A conflict over ${protocol}`, () => {
    it('is none when a client writes to a broker that held the winner', () => {
      const topic = settledTopic(protocol, '0');
      expect(topic.pass(1).writes(A, '1')).not.to.have.property('clash');
      topic.settles(B);
      expect(topic.pass(1).writes(B, '2')).not.to.have.property('clash');
      expect(topic.pass(1).writes(B, '3')).not.to.have.property('clash');
    });

    it('is when a client writes to a broker that had not got the winner yet', () => {
      const topic = settledTopic(protocol, '0');
      topic.pass(1).writes(A, 'of A');
      const outcome = topic.pass(1).writes(B, 'of B');
      expect(outcome.effect).to.equal('won');
      expect(outcome.conflict?.winner).to.include({ payload: 'of B', origin: B });
      expect(outcome.conflict?.loser).to.include({ payload: 'of A', origin: A });
    });

    it('is when brokers differ at first contact', () => {
      const topic = new Topic(protocol);
      topic.replays(A, 'of A', { firstContactRank: 1 });
      const { conflict } = topic.replays(B, 'of B', { firstContactRank: 2 });
      expect(conflict?.winner).to.include({ payload: 'of B' });
      expect(conflict?.loser).to.include({ payload: 'of A' });
    });

    it('is when two clients delete and write at once', () => {
      const topic = settledTopic(protocol, '0');
      topic.pass(1).deletes(A);
      const { conflict } = topic.pass(1).writes(B, '1');
      expect(conflict?.loser).to.include({ payload: '', origin: A });
    });

    it('is none when both write the same', () => {
      const topic = settledTopic(protocol, '0');
      topic.pass(1).writes(A, '1');
      expect(topic.pass(1).writes(B, '1')).not.to.have.property('clash');
    });

    it('is none when a broker shows what was deleted before the winner was written', () => {
      const topic = settledTopic(protocol, '0');
      topic.pass(1).deletes(A);
      topic.settles(B);
      topic.pass(1).writes(A, '1', { retained: true });
      topic.settles(B);
      const outcome = topic.pass(1).replays(B, '0', { returnState: 'rolled back' });
      expect(outcome.effect).to.equal('lost');
      expect(outcome).not.to.have.property('clash');
    });

    it('is none when the broker shows what we have sent it', () => {
      const topic = settledTopic(protocol, '0');
      topic.pass(1).writes(A, '1');
      const sent = topic.sent(B);
      expect(topic.pass(1).echoes(sent)).not.to.have.property('clash');
    });
  });
}

describe('What decided between two messages', () => {
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

  for (const [says, a, b, decided] of [
    [
      'the first comparator that tells them apart',
      '{"meta":{"serial":2}}',
      '{"meta":{"serial":1}}',
      'json:meta.serial',
    ],
    ['also where only one has the value', '{"time":7}', '{}', 'json:time'],
    ['the payload, byte by byte', '{"x":1}', '{"x":2}', 'bytes'],
    ['the arrival, where nothing else does', 'x', 'x', 'arrival'],
    ['the arrival, where one is a deletion', '', '{"meta":{"serial":1}}', 'arrival'],
  ] as const) {
    it(`is ${says}`, () => {
      const parsed = parseMergeChain(chain);
      if ('fault' in parsed) throw new Error(parsed.fault.kind);
      const decider = compileDecider(parsed.chain, decoders);
      expect(decider(message(a, 1), message(b, 2))).to.equal(decided);
      expect(decider(message(b, 2), message(a, 1))).to.equal(decided);
    });
  }

  it('is the priority at first contact, when nothing has arrived yet', () => {
    const decider = compileDecider([{ by: 'arrival' }], {});
    expect(decider(message('a', 0), message('b', 0))).to.equal('priority');
    expect(decider(message('a', 0), message('b', 5))).to.equal('arrival');
  });
});
