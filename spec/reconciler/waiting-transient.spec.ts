/** The newest transient message of a topic waits while MAX_PENDING publishes of the topic are pending at a broker. */

import { expect } from 'chai';
import type { FilterSettings } from '../../lib/core/policy.ts';
import { MAX_PENDING } from '../../lib/core/register.ts';
import type { ReconcilerMeasures } from '../../lib/protocol/requests.ts';
import { ReconcilerFixture } from './reconciler-fixture.ts';
import type { WorkerEnd } from './worker-end.ts';

const SUBSCRIBED: FilterSettings = { filter: '#', subscribe: 3, publish: 3 };
const UNSUBSCRIBED_AT_B: FilterSettings = { filter: '#', subscribe: 1, publish: 3 };

describe('A transient message that waits behind pending publishes of its topic', () => {
  let fixture: ReconcilerFixture;
  let a: WorkerEnd;
  let b: WorkerEnd;

  beforeEach(() => {
    fixture = new ReconcilerFixture();
  });

  afterEach(() => fixture.close());

  /** A client writes two messages more than may be pending at B, one a tick. */
  async function overfill(filter: FilterSettings): Promise<void> {
    await fixture.start({ brokers: 2, filters: [filter] });
    await fixture.ready();
    [a, b] = [fixture.end(0), fixture.end(1)];
    for (let value = 1; value <= MAX_PENDING + 2; value++) await write(String(value));
    expect(b.payloads).to.have.lengthOf(MAX_PENDING);
    expect(b.payloads.at(-1)).to.equal(`t=${MAX_PENDING}`);
  }

  async function write(payload: string): Promise<void> {
    a.observe({ topic: 't', payload, retained: false });
    await a.roundTrip();
    await fixture.tick();
    b.settle();
  }

  /** The echoes of these publishes come from B. */
  async function echo(published: WorkerEnd['published']): Promise<void> {
    for (const { topic, payload, version } of published)
      b.observe({ topic, payload: payload.toString(), retained: false, stamp: version, own: true });
    await b.roundTrip();
  }

  async function damped(): Promise<number> {
    const measures = await fixture.reconciler.inspector.answer({ kind: 'measures', conflictsAfter: 0 });
    return (measures as ReconcilerMeasures).counts.damped;
  }

  const expectNewest = () =>
    expect(b.payloads.slice(MAX_PENDING), 'published when there is room').to.deep.equal([
      `t=${MAX_PENDING + 2}`,
    ]);

  it('is published once one late echo has come', async () => {
    await overfill(SUBSCRIBED);
    await echo(b.published.slice(0, 1));
    await fixture.tick();
    expectNewest();
  });

  it('is published once when all late echoes come', async () => {
    await overfill(SUBSCRIBED);
    await echo(b.published);
    for (let tick = 0; tick < 3; tick++) await fixture.tick();
    expectNewest();
    expect(b.published).to.have.lengthOf(MAX_PENDING + 1);
  });

  it('is published once acknowledgements have come from a broker that sends no echoes', async () => {
    await overfill(UNSUBSCRIBED_AT_B);
    b.post({
      kind: 'publish-results',
      completedUpTo: b.sent,
      bytes: 0,
      acknowledged: b.published.map(({ topic, version }) => ({ topic, version })),
      refused: [],
    });
    await fixture.tick();
    expectNewest();
  });

  it('is published once a publish before it was refused', async () => {
    await overfill(SUBSCRIBED);
    const [first] = b.published;
    if (first === undefined) throw new Error('nothing was published');
    const { topic, version } = first;
    b.settle([{ topic, version, reason: 'Quota exceeded', scope: 'value' }]);
    await fixture.tick();
    expectNewest();
  });

  it('is published once the echoes of all others are overdue', async () => {
    await overfill(SUBSCRIBED);
    for (let second = 0; second < 12; second++) {
      fixture.clock.tick(1_000);
      await fixture.all();
    }
    expectNewest();
  });

  it('is not published before the loop damper releases it', async () => {
    await fixture.start({ brokers: 2 });
    await fixture.ready();
    [a, b] = [fixture.end(0), fixture.end(1)];
    // A bridge brings each message back from B to A at once.
    while ((await damped()) === 0) {
      await write('circles');
      expect(b.published.length, 'publishes').to.be.below(MAX_PENDING);
    }
    const before = b.published.length;
    await echo(b.published);
    await fixture.tick();
    expect(b.published, 'while it is held').to.have.lengthOf(before);
    for (let tick = 0; tick < 10; tick++) await fixture.tick();
    expect(b.published, 'after the test').to.have.lengthOf(before + 1);
  });
});
