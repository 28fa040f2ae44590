/** A running reconciler gets other settings and other brokers. */

import { expect } from 'chai';
import type { FilterSettings } from '../../lib/core/policy.ts';
import { ReconcilerFixture, settings } from './reconciler-fixture.ts';

const everywhere = (filter: string): FilterSettings => ({ filter, subscribe: 0b111, publish: 0b111 });

describe('A reconfigured reconciler', () => {
  let fixture: ReconcilerFixture;

  beforeEach(() => {
    fixture = new ReconcilerFixture();
  });

  afterEach(() => fixture.close());

  async function start(...filters: readonly FilterSettings[]): Promise<void> {
    await fixture.start({ filters, brokers: 2 });
    await fixture.ready();
  }

  function configure(filters: readonly FilterSettings[], removed: readonly string[] = []): void {
    const brokers = ['A', 'B', 'C'].map((name, index) => ({
      name,
      rank: 2 - index,
      isRemoved: removed.includes(name),
    }));
    fixture.reconciler.configure({ settings: settings(filters), brokers, decoders: {} });
  }

  it('gives a broker that is added all known topics', async () => {
    await start(everywhere('#'));
    fixture.end(0).observe({ topic: 't', payload: '1' });
    await fixture.tick();
    configure([everywhere('#')]);
    fixture.join(2).begin().replay();
    await fixture.tick();
    expect(fixture.end(2).payloads).to.deep.equal(['t=1']);
    fixture.end(2).observe({ topic: 'u', payload: '2' });
    await fixture.tick();
    expect(fixture.end(0).payloads).to.include('u=2');
    expect(fixture.end(1).payloads).to.include('u=2');
  });

  it('sends nothing to a removed broker, and what it lacks when it is back', async () => {
    await start(everywhere('#'));
    configure([everywhere('#')], ['B', 'C']);
    // The removed broker does not answer any more.
    const gone = fixture.ends.pop();
    fixture.end(0).observe({ topic: 't', payload: '1' });
    await fixture.tick();
    expect(gone?.payloads).to.deep.equal([]);
    gone?.close();
    configure([everywhere('#')], ['C']);
    fixture.join(1).begin().replay();
    await fixture.tick();
    expect(fixture.end(1).payloads).to.deep.equal(['t=1']);
  });

  it('sends topics that may be published from now on', async () => {
    await start({ filter: '#', subscribe: 0b11, publish: 0b01 });
    fixture.end(0).observe({ topic: 't', payload: '1' });
    await fixture.tick();
    expect(fixture.end(1).payloads).to.deep.equal([]);
    configure([everywhere('#')], ['C']);
    await fixture.tick();
    expect(fixture.end(1).payloads).to.deep.equal(['t=1']);
  });

  it('loses no topic that waits for the tick', async () => {
    await start(everywhere('#'));
    fixture.end(0).observe({ topic: 't', payload: '1' });
    await fixture.all();
    configure([everywhere('#')], ['C']);
    await fixture.tick();
    expect(fixture.end(1).payloads).to.deep.equal(['t=1']);
  });

  for (const order of [
    [0, 1],
    [1, 0],
  ] as const) {
    it(`lets the rank decide under an added filter if ${order.map(index => 'AB'[index]).join(' before ')} shows what it retains`, async () => {
      await start(everywhere('a/#'));
      configure([everywhere('#')], ['C']);
      for (const broker of order) {
        fixture
          .end(broker)
          .begin()
          .replay({ t: `of ${'AB'[broker]}` });
        await fixture.all();
      }
      await fixture.tick();
      expect(fixture.end(1).payloads).to.deep.equal(['t=of A']);
      expect(fixture.end(0).payloads).to.deep.equal([]);
    });
  }
});
