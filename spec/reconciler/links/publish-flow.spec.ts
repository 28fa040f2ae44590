/** What may be in flight to a broker is bounded, and which echoes are expected is known. */

import { expect } from 'chai';
import { BatchReader } from '../../../lib/protocol/batch.ts';
import type { PublishResults } from '../../../lib/protocol/messages.ts';
import { payloadFrom } from '../../../lib/protocol/payload.ts';
import { type Publication, type RawPublication, readPublication } from '../../../lib/protocol/publication.ts';
import { ECHO_TIMEOUT_MS } from '../../../lib/reconciler/links/echo-timeouts.ts';
import { CREDIT_BYTES, PublishFlow } from '../../../lib/reconciler/links/publish-flow.ts';
import { CREDIT } from '../../../lib/reconciler/links/publish-window.ts';
import { publicationOf } from '../../support/publications.ts';

const NOW = Date.UTC(2026, 0, 1);

describe('PublishFlow', () => {
  let flow: PublishFlow;

  beforeEach(() => {
    flow = new PublishFlow();
  });

  function publish(topic: string, more: Partial<Publication> = {}): void {
    flow.pack(publicationOf({ topic, ...more }));
  }

  const settle = (completedUpTo: number, bytes = completedUpTo, more: Partial<PublishResults> = {}) =>
    flow.settled({ kind: 'publish-results', completedUpTo, bytes, acknowledged: [], refused: [], ...more });

  it('has credit for CREDIT publications, and again when half of them are settled', () => {
    for (let count = 0; count < CREDIT; count++) {
      expect(flow.hasCredit).to.equal(true);
      publish(`t${count}`);
    }
    expect(flow.hasCredit).to.equal(false);
    settle(CREDIT / 2);
    expect(flow.hasCredit).to.equal(false);
    settle(CREDIT / 2 + 1);
    const more = flow.credit - CREDIT / 2 + 1;
    for (let count = 0; count < more; count++) {
      expect(flow.hasCredit).to.equal(true);
      publish(`t${count}`);
    }
    expect(flow.hasCredit).to.equal(false);
  });

  it('has more credit after half of it was settled quickly, and the first credit again in the next session', () => {
    for (let count = 0; count < CREDIT; count++) publish(`t${count}`);
    settle(CREDIT);
    expect(flow.credit).to.equal(2 * CREDIT);
    flow.reset();
    expect(flow.credit).to.equal(CREDIT);
  });

  for (const [what, topic, more] of [
    ['payload', 't', { payload: 'x'.repeat(CREDIT_BYTES) }],
    ['properties', 't', { properties: 'x'.repeat(CREDIT_BYTES) }],
    ['names, as the bytes that they have on the network', 'ü'.repeat(CREDIT_BYTES / 2), {}],
  ] as const) {
    it(`has no credit after CREDIT_BYTES of ${what}`, () => {
      publish(topic, more);
      expect(flow.hasCredit).to.equal(false);
      settle(1, CREDIT_BYTES);
      expect(flow.hasCredit).to.equal(true);
    });
  }

  it('counts topics that wait and publications that are not settled as unsettled', () => {
    publish('t');
    flow.add('u');
    flow.add('u');
    expect(flow.unsettled).to.equal(2);
    settle(1);
    expect(flow.unsettled).to.equal(1);
    expect([...flow.takeWaiting(0)]).to.deep.equal(['u']);
    expect(flow.unsettled).to.equal(0);
  });

  it('takes out the topics that wait until the credit is used up', () => {
    for (const topic of ['t', 'u', 'v']) flow.add(topic);
    const taken: string[] = [];
    for (const topic of flow.takeWaiting(0)) {
      taken.push(topic);
      if (topic === 'u') publish(topic, { payload: 'x'.repeat(CREDIT_BYTES) });
    }
    expect(taken).to.deep.equal(['t', 'u']);
    expect(flow.isHeldBack).to.equal(true);
    expect(flow.waiting).to.equal(1);
  });

  it('counts a publication in quarantine as unsettled until it is released or refused', () => {
    publish('t');
    settle(1, 1, { quarantined: ['t', 'u'] });
    expect(flow.unsettled).to.equal(2);
    settle(1, 0, { released: ['t'] });
    expect(flow.unsettled).to.equal(1);
    const version = { time: NOW, counter: 0, replica: 'us' };
    settle(1, 0, { refused: [{ topic: 'u', version, reason: 'denied', scope: 'topic' }] });
    expect(flow.unsettled).to.equal(0);
  });

  it('closes a batch when it is large, and returns all publications in their order', () => {
    const topics = ['a', 'b', 'c', 'd', 'e'];
    for (const topic of topics) publish(topic, { payload: payloadFrom(Buffer.alloc(600_000, topic)) });
    const batches = flow.takeBatches();
    expect(batches).to.have.length(3);
    const read = batches.flatMap(batch => {
      const reader = new BatchReader(batch);
      const inBatch: RawPublication[] = [];
      while (!reader.done) inBatch.push(readPublication(reader));
      return inBatch;
    });
    expect(read.map(({ topic }) => topic)).to.deep.equal(topics);
    for (const { topic, payload } of read)
      expect(payload.equals(Buffer.alloc(600_000, topic))).to.equal(true);
    expect(flow.takeBatches()).to.deep.equal([]);
  });

  it('has nothing in flight and all its credit after a reset', () => {
    for (let count = 0; count < CREDIT; count++) publish(`t${count}`);
    flow.add('u');
    flow.reset();
    expect(flow.hasCredit).to.equal(true);
    expect(flow.unsettled).to.equal(0);
    expect(flow.pending).to.equal(0);
    expect(flow.takeBatches()).to.deep.equal([]);
  });

  describe('an echo', () => {
    it('is overdue ECHO_TIMEOUT_MS after its publish was settled, not after it was sent', () => {
      publish('t');
      expect(flow.overdue(NOW + 10 * ECHO_TIMEOUT_MS)).to.deep.equal([]);
      settle(1);
      expect(flow.overdue(NOW)).to.deep.equal([]);
      expect(flow.overdue(NOW + ECHO_TIMEOUT_MS - 1)).to.deep.equal([]);
      expect(flow.overdue(NOW + ECHO_TIMEOUT_MS)).to.deep.equal(['t']);
      expect(flow.overdue(NOW + 2 * ECHO_TIMEOUT_MS)).to.deep.equal([]);
    });

    it('is expected for the newest publish of a topic', () => {
      publish('t');
      settle(1);
      flow.overdue(NOW);
      publish('t');
      expect(flow.overdue(NOW + ECHO_TIMEOUT_MS)).to.deep.equal([]);
      settle(2);
      flow.overdue(NOW + ECHO_TIMEOUT_MS);
      expect(flow.overdue(NOW + 2 * ECHO_TIMEOUT_MS)).to.deep.equal(['t']);
    });

    it('is not overdue after it came, nor where none will come', () => {
      publish('t');
      publish('u', { hasNoEcho: true });
      settle(2);
      flow.overdue(NOW);
      flow.echoed('t');
      expect(flow.overdue(NOW + ECHO_TIMEOUT_MS)).to.deep.equal([]);
      expect(flow.expectsEchoes).to.equal(false);
    });
  });
});
