/** Markers follow changes of what brokers hold, and only those; markers that we did not write prove nothing. */

import { expect } from 'chai';
import { MARKER_EXPIRY_MS, MARKER_RENEWAL_MS } from '../../lib/reconciler/links/marker.ts';
import { NOW, ReconcilerFixture, TICK } from './reconciler-fixture.ts';
import type { WorkerEnd } from './worker-end.ts';

describe('Markers', () => {
  let fixture: ReconcilerFixture;
  let a: WorkerEnd;
  let b: WorkerEnd;

  beforeEach(async () => {
    fixture = new ReconcilerFixture();
    await fixture.start({ brokers: 2 });
    [a, b] = [fixture.end(0), fixture.end(1)];
  });

  afterEach(() => fixture.close());

  /** All brokers hold these topics, and have the marker that names them. */
  async function markedWith(topics: Readonly<Record<string, string>>): Promise<void> {
    await fixture.ready(topics);
    // The first marker after the start, and the one that names the topics.
    for (let time = 0; time < 3; time++) {
      await fixture.tick();
      await acknowledged();
    }
  }

  /** The brokers have acknowledged all publications. */
  async function acknowledged(): Promise<void> {
    for (const end of fixture.ends) end.confirmMarkers();
    await fixture.all();
  }

  const commitOf = (payload: string) => Number(payload.split('.')[0]);

  /** The connection of B ends, and B comes back with this marker and these topics. */
  async function returnsWith(marker: string, topics: Readonly<Record<string, string>>): Promise<void> {
    b.post({ kind: 'disconnected' }).begin({ payload: marker }).replay(topics);
    await fixture.all();
  }

  /** An echo over MQTT 5. */
  async function echoed(end: WorkerEnd, topic: string): Promise<void> {
    const sent = end.published.findLast(one => one.topic === topic);
    if (sent === undefined) throw new Error(`${topic} was not published`);
    end.observe({ topic, payload: String(sent.payload), stamp: sent.version, own: true });
    await end.roundTrip();
  }

  it('are written before the tick if a topic is new at a broker', async () => {
    await markedWith({ t: '0' });
    const before = [a.marker, b.marker];
    a.observe({ topic: 'new', payload: '1' });
    await a.roundTrip();
    fixture.clock.tick(TICK / 2);
    await fixture.all();
    expect(a.published).to.deep.equal([]);
    expect(commitOf(a.marker)).to.be.greaterThan(commitOf(before[0] ?? ''));
    expect(b.marker).to.equal(before[1]);
  });

  it('follow the tick if a broker holds another value of a known topic', async () => {
    await markedWith({ t: '0' });
    const before = a.marker;
    a.observe({ topic: 't', payload: '1' });
    await a.roundTrip();
    fixture.clock.tick(TICK / 2);
    await fixture.all();
    expect(a.marker).to.equal(before);
    fixture.clock.tick(TICK);
    await fixture.all();
    expect(commitOf(a.marker)).to.be.greaterThan(commitOf(before));
  });

  it('are written once a day if nothing changes, and expire a month later', async () => {
    await markedWith({ t: '0' });
    const count = a.own.length;
    expect(a.own.at(-1)?.expiresAt).to.be.within(NOW + MARKER_EXPIRY_MS, NOW + MARKER_EXPIRY_MS + 1_000);
    fixture.clock.tick(60 * 60_000);
    await fixture.all();
    expect(a.own).to.have.length(count);
    fixture.clock.tick(MARKER_RENEWAL_MS);
    await fixture.all();
    expect(a.own).to.have.length(count + 1);
  });

  it('are logged if somebody else wrote them, and then no absent topic counts as deleted', async () => {
    await markedWith({ t: '0' });
    const [commit = '', digest = ''] = b.marker.split('.');
    await returnsWith(`${Number(commit) + 1}.${digest}`, {});
    await fixture.tick();
    expect(fixture.log.join('\n')).to.contain(
      'B: the marker "mqttrep/us/marker/B" was not written by this mqttrep',
    );
    expect(b.payloads).to.deep.equal(['t=0']);
    expect(b.messages.filter(({ kind }) => kind === 'probe')).to.deep.equal([]);
  });

  it('distinguish a value that a broker was rolled back to from one that was written meanwhile', async () => {
    await markedWith({ t: '0', u: '0' });
    const marker = b.marker;
    b.observe({ topic: 't', payload: '1' }, { topic: 'u', payload: '1' });
    await fixture.tick();
    await returnsWith(marker, { t: '0', u: '2' });
    await fixture.tick();
    expect(b.payloads).to.deep.equal(['t=1']);
    expect(a.payloads).to.deep.equal(['t=1', 'u=1', 'u=2']);
  });

  it('distinguish the same if the broker lost its last marker, and that is logged', async () => {
    await markedWith({ t: '0' });
    const marker = b.marker;
    b.observe({ topic: 't', payload: '1' });
    await fixture.tick();
    await acknowledged();
    expect(commitOf(b.marker)).to.be.greaterThan(commitOf(marker));
    await returnsWith(marker, { t: '0' });
    await fixture.tick();
    expect(b.payloads).to.deep.equal(['t=1']);
    expect(fixture.log.join('\n')).to.contain('B: the broker came back with its state of a moment ago');
  });

  it('distinguish a deletion from the loss of a new topic', async () => {
    await markedWith({ t: '0' });
    const marker = b.marker;
    b.observe({ topic: 't', payload: '1' }, { topic: 'new', payload: '1' });
    await fixture.tick();
    await echoed(a, 't');
    await returnsWith(marker, {});
    await b.until(() => b.messages.some(({ kind }) => kind === 'probe'));
    const answers = ['t', 'new'].map(topic => ({ topic, held: 'absent' as const }));
    b.post({ kind: 'probe-answers', answers });
    await b.until(() => b.messages.some(({ kind }) => kind === 'check-read-access'));
    b.post({ kind: 'read-access', proven: [''], unproven: [] });
    await b.until(() => b.messages.filter(({ kind }) => kind === 'probe').length === 2);
    b.post({ kind: 'probe-answers', answers });
    await fixture.tick();
    // The deletion is not proven yet; the lost topic is sent again.
    expect(b.payloads).to.deep.equal(['new=1']);
  });
});
