/** The reconciler refuses what does not fit into its memory, and starts with no store that does not. */

import { expect } from 'chai';
import { StoreTooLargeError } from '../../lib/reconciler/memory-bound.ts';
import { TOPIC_BYTES } from '../../lib/reconciler/topics/topic-bytes.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { ReconcilerFixture } from './reconciler-fixture.ts';

describe('The reconciler with little memory', () => {
  let fixture: ReconcilerFixture;

  beforeEach(() => {
    fixture = new ReconcilerFixture();
  });

  afterEach(() => fixture.close());

  const winnerOf = (topic: string) => fixture.reconciler.table.get(topic)?.register.winner?.payload;

  it('leaves a topic as it is if a probe finds a message without room', async () => {
    await fixture.start({ brokers: 2, bounds: { memory: 2_000 } });
    await fixture.ready();
    const end = fixture.end(0);
    // The message does not show whether it is retained, so the topic is probed.
    end.observe({ topic: 't', payload: '1', retained: undefined });
    await end.until(() => end.messages.some(({ kind }) => kind === 'probe'));
    const found = {
      payload: 'x'.repeat(2_000),
      properties: '',
      stamp: undefined,
      expiry: Number.POSITIVE_INFINITY,
    };
    end.post({ kind: 'probe-answers', answers: [{ topic: 't', held: found }] });
    await fixture.tick();
    expect(winnerOf('t')).to.equal(undefined);
    expect(fixture.log.join()).to.match(/error A: "t" is not replicated: .* MQTTREP_MAX_MEMORY/);
  });

  it('does not take a topic for vanished if the replay shows a message of it without room', async () => {
    await fixture.start({ brokers: 2, bounds: { memory: 2_000 } });
    await fixture.ready({ t: '1' });
    await fixture.tick();
    fixture
      .end(0)
      .begin('absent')
      .replay({ t: 'x'.repeat(2_000) });
    await fixture.tick();
    expect(winnerOf('t')).to.equal('1');
    expect(fixture.end(0).messages.filter(({ kind }) => kind === 'probe')).to.deep.equal([]);
  });

  it('gives topics half of the heap if no bound is configured', async () => {
    await fixture.start({ brokers: 2, heap: 2_000 });
    await fixture.ready();
    fixture.end(0).observe({ topic: 'large', payload: 'x'.repeat(1_000) }, { topic: 'small', payload: '1' });
    await fixture.tick();
    expect([winnerOf('large'), winnerOf('small')]).to.deep.equal([undefined, '1']);
    const measures = await fixture.measures();
    expect(measures).to.deep.include({ memory: { bytes: TOPIC_BYTES + 'small1'.length, bound: 1_000 } });
  });

  it('does not start with a store that is too large for the heap, and says how to enlarge the heap', async () => {
    const store = new MemoryStore();
    await fixture.start({ brokers: 2, store });
    await fixture.ready({ t: 'x'.repeat(1_000) });
    await fixture.tick();
    fixture.reconciler.close();
    const failure = await fixture.start({ brokers: 2, store, heap: 1_500 }).catch((error: Error) => error);
    expect(failure).to.be.instanceOf(StoreTooLargeError);
    expect((failure as Error).message).to.match(/--max-old-space-size/);
  });
});
