/** Other settings and other brokers, while the reconciler runs. */

import { expect } from 'chai';
import sinon from 'sinon';
import { DEFAULT_BOUNDS } from '../../lib/config/bounds.ts';
import type { FilterSettings } from '../../lib/core/policy.ts';
import type { ReconcilerSettings } from '../../lib/protocol/messages.ts';
import { Reconciler } from '../../lib/reconciler/reconciler.ts';
import { MemoryStore } from '../../lib/store/memory-store.ts';
import { WorkerEnd } from './worker-end.ts';

const TICK = 100;

const everywhere = (filter: string): FilterSettings => ({ filter, subscribe: 0b111, publish: 0b111 });

describe('A reconciler that is configured anew', () => {
  let clock: sinon.SinonFakeTimers;
  let reconciler: Reconciler;
  let ends: WorkerEnd[];

  function settings(...filters: readonly FilterSettings[]): ReconcilerSettings {
    return {
      controlPrefix: 'mqttrep',
      filters,
      mergeFrequency: 1_000 / TICK,
      scanPeriod: Number.POSITIVE_INFINITY,
      maxDrift: 60_000,
      bounds: DEFAULT_BOUNDS,
      store: 'memory',
      hidesPayloads: false,
    };
  }

  async function start(...filters: readonly FilterSettings[]): Promise<void> {
    const store = new MemoryStore();
    reconciler = new Reconciler({
      settings: settings(...filters),
      replica: 'us',
      decoders: {},
      brokers: [
        { name: 'A', rank: 1 },
        { name: 'B', rank: 0 },
      ],
      store,
      state: await store.load(),
      log: () => undefined,
    });
    for (const end of [join(0), join(1)]) end.begin().replay();
    await all();
  }

  /** A broker's worker is there. */
  function join(broker: number): WorkerEnd {
    const end = new WorkerEnd();
    ends[broker] = end;
    reconciler.attach(broker, end.port);
    return end;
  }

  function configure(filters: readonly FilterSettings[], removed: readonly string[] = []): void {
    const brokers = ['A', 'B', 'C'].map((name, index) => ({
      name,
      rank: 2 - index,
      isRemoved: removed.includes(name),
    }));
    reconciler.configure({ settings: settings(...filters), brokers, decoders: {} });
  }

  const end = (broker: number): WorkerEnd => {
    const found = ends[broker];
    if (found === undefined) throw new RangeError(`there is no worker ${broker}`);
    return found;
  };

  async function all(): Promise<void> {
    for (let time = 0; time < 2; time++) await Promise.all(ends.map(one => one.roundTrip()));
  }

  async function tick(): Promise<void> {
    await all();
    clock.tick(TICK);
    await all();
  }

  beforeEach(() => {
    ends = [];
    clock = sinon.createSandbox().useFakeTimers({
      now: Date.UTC(2026, 0, 1),
      toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
  });

  afterEach(() => {
    reconciler.close();
    for (const one of ends) one.close();
    clock.restore();
  });

  it('gives a broker that is added all that is known', async () => {
    await start(everywhere('#'));
    end(0).observe({ topic: 't', payload: '1' });
    await tick();
    configure([everywhere('#')]);
    join(2).begin().replay();
    await tick();
    expect(end(2).payloads).to.deep.equal(['t=1']);
    end(2).observe({ topic: 'u', payload: '2' });
    await tick();
    expect(end(0).payloads).to.include('u=2');
    expect(end(1).payloads).to.include('u=2');
  });

  it('sends nothing to one that is removed, and what it lacks when it is back', async () => {
    await start(everywhere('#'));
    configure([everywhere('#')], ['B', 'C']);
    // Nobody answers it any more.
    const gone = ends.pop();
    end(0).observe({ topic: 't', payload: '1' });
    await tick();
    expect(gone?.payloads).to.deep.equal([]);
    gone?.close();
    configure([everywhere('#')], ['C']);
    join(1).begin().replay();
    await tick();
    expect(end(1).payloads).to.deep.equal(['t=1']);
  });

  it('sends what may be published from now on', async () => {
    await start({ filter: '#', subscribe: 0b11, publish: 0b01 });
    end(0).observe({ topic: 't', payload: '1' });
    await tick();
    expect(end(1).payloads).to.deep.equal([]);
    configure([everywhere('#')], ['C']);
    await tick();
    expect(end(1).payloads).to.deep.equal(['t=1']);
  });

  it('loses nothing that waits for the tick', async () => {
    await start(everywhere('#'));
    end(0).observe({ topic: 't', payload: '1' });
    await all();
    configure([everywhere('#')], ['C']);
    await tick();
    expect(end(1).payloads).to.deep.equal(['t=1']);
  });

  for (const order of [
    [0, 1],
    [1, 0],
  ] as const) {
    it(`has the rank decide under an added filter, when ${order.map(index => 'AB'[index]).join(' before ')} shows what it retains`, async () => {
      await start(everywhere('a/#'));
      configure([everywhere('#')], ['C']);
      for (const broker of order) {
        end(broker)
          .begin()
          .replay({ t: `of ${'AB'[broker]}` });
        await all();
      }
      await tick();
      expect(end(1).payloads).to.deep.equal(['t=of A']);
      expect(end(0).payloads).to.deep.equal([]);
    });
  }
});
