/** After a cut replay the rest is read at once, nothing is overwritten meanwhile, and nothing counts as deleted. */

import { expect } from 'chai';
import { BatchWriter } from '../../../lib/protocol/batch.ts';
import type { FullScanResult } from '../../../lib/protocol/messages.ts';
import { writeObservation } from '../../../lib/protocol/observation.ts';
import { ReconcilerFixture } from '../reconciler-fixture.ts';
import type { WorkerEnd } from '../worker-end.ts';

const COMPLETE: FullScanResult = { outcome: 'complete', subscribes: 12, unreadFilters: [], droppedLevels: 0 };
const FLAT: FullScanResult = {
  outcome: 'incomplete',
  subscribes: 7,
  unreadFilters: ['flat/+'],
  droppedLevels: 0,
};

describe('After a replay that was cut,', () => {
  let fixture: ReconcilerFixture;
  let a: WorkerEnd;
  let b: WorkerEnd;

  beforeEach(async () => {
    fixture = new ReconcilerFixture();
    await fixture.start({ brokers: 2 });
    [a, b] = [fixture.end(0), fixture.end(1)];
  });

  afterEach(() => fixture.close());

  /** B holds these topics, and A has shown a part of its own. */
  async function cut(ofB: Readonly<Record<string, string>>, ofA: Readonly<Record<string, string>> = {}) {
    b.begin().replay(ofB);
    await b.roundTrip();
    a.begin().replay(ofA, true);
    await a.until(() => a.told('full-scan').length > 0);
    await fixture.tick();
  }

  /** A full scan of A has shown these topics, and ended in this way. */
  async function scanned(topics: Readonly<Record<string, string>>, scan: FullScanResult): Promise<void> {
    const writer = new BatchWriter();
    for (const [topic, payload] of Object.entries(topics)) {
      writeObservation(writer, {
        ...{ topic, payload: Buffer.from(payload), properties: '', retained: true, replay: true },
        ...{ stamp: undefined, own: false, expiry: Number.POSITIVE_INFINITY },
      });
    }
    a.post({ kind: 'full-scan-batch', batch: writer.take() }).post({ kind: 'full-scan-ended', ...scan });
    await fixture.tick();
  }

  async function incomplete(): Promise<readonly boolean[]> {
    return (await fixture.measures()).links.map(link => link.isReplayIncomplete);
  }

  it('the broker is read in parts at once, with the parents that other brokers hold', async () => {
    await cut({ 'home/kitchen/lamp': '1', 'home/kitchen/fan': '1', top: '1' });
    expect(a.told('full-scan')).to.deep.equal([
      { kind: 'full-scan', session: 1, isReplayIncomplete: true, parents: ['home/kitchen/'] },
    ]);
    expect(await incomplete()).to.deep.equal([true, false]);
    expect(fixture.log.filter(line => line.includes('replay is incomplete'))).to.have.lengthOf(1);
  });

  it('the messages of the full scan count as replayed: at the first contact the higher rank wins', async () => {
    await cut({ t: 'of B', u: 'of B' });
    expect(a.payloads).to.deep.equal([]);
    await scanned({ t: 'of A' }, COMPLETE);
    expect(b.payloads).to.deep.equal(['t=of A']);
    expect(a.payloads).to.deep.equal(['u=of B']);
    expect(a.told('probe')).to.deep.equal([]);
    expect(await incomplete()).to.deep.equal([false, false]);
    expect(fixture.log.filter(line => line.includes('replay is complete'))).to.have.lengthOf(1);
  });

  it('a write of a client does not wait for the scan', async () => {
    await cut({ t: 'of B' });
    b.observe({ topic: 't', payload: 'new' }, { topic: 'u', payload: 'new' });
    await fixture.tick();
    expect(a.payloads).to.have.members(['t=new', 'u=new']);
  });

  it('a topic that the scan leaves out is probed before anything is published there', async () => {
    await cut({ 'flat/t': 'of B', 'flat/u': 'of B' });
    await scanned({}, FLAT);
    expect(a.payloads).to.deep.equal([]);
    const [probe] = a.told('probe');
    expect(probe).to.deep.include({ topics: ['flat/t', 'flat/u'] });
    a.post({
      kind: 'probe-answers',
      answers: [
        { topic: 'flat/t', held: 'absent' },
        { topic: 'flat/u', held: 'unknown' },
      ],
    });
    await fixture.tick();
    await fixture.tick();
    expect(a.payloads).to.include('flat/t=of B');
    expect(await incomplete()).to.deep.equal([true, false]);
    expect(fixture.log.some(line => line.startsWith('warn') && line.includes('under "flat/+"'))).to.equal(
      true,
    );
  });

  it('no topic counts as deleted because the replay or the scan does not show it', async () => {
    await fixture.ready({ t: '0', u: '0' });
    fixture.clock.tick(1_000);
    await fixture.all();
    await a.confirmMarkers().roundTrip();
    a.returnWith({ u: '0' }, true);
    await a.until(() => a.told('full-scan').length > 0);
    await scanned({ u: '0' }, FLAT);
    expect(b.payloads).to.deep.equal([]);
    await scanned({ u: '0' }, COMPLETE);
    expect(b.payloads).to.deep.equal([]);
  });

  it('a later replay that is complete ends the incomplete state', async () => {
    await cut({ t: 'of B' });
    a.post({ kind: 'disconnected' }).begin().replay({});
    await fixture.tick();
    expect(await incomplete()).to.deep.equal([false, false]);
    expect(a.payloads).to.include('t=of B');
  });
});
