/** The event log on a real disk: what it returns, when it removes segments, and what other names of brokers change. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tempFolder } from '../../support/temp-folder.ts';
import { event, LogFixture, NAMES, range } from './log-fixture.ts';

/** So that segments have 64 KiB. */
const SMALL = 512 * 1024;

/** Fills some 40 KiB. */
const LARGE_PAYLOAD = { payload: Buffer.alloc(40_000, 'x') };

describe('The event log', () => {
  let folder: string;
  let fixture: LogFixture;

  beforeEach(async () => {
    folder = await tempFolder('events');
    fixture = new LogFixture(folder, { bytes: SMALL });
    await fixture.open();
  });

  afterEach(() => fixture.log.close());

  const segments = () => readdirSync(folder).filter(name => name.startsWith('events-'));

  it('creates no file before the first commit', () => {
    expect(segments()).to.deep.equal([]);
  });

  it('returns the events that were committed, in their order and with all their fields', async () => {
    const events = [
      event(1, { retain: true, expiresAt: 5_000, path: ['a', 'b'], properties: '[null]' }),
      event(2, { payload: Buffer.alloc(0), packetId: 0 }),
    ];
    await fixture.commit(...events);
    expect(await fixture.next(1)).to.deep.equal({ events, through: 2 });
  });

  it('returns events from any of them on, over several segments', async () => {
    await fixture.fill(12, LARGE_PAYLOAD);
    expect(fixture.log.segments.length).to.be.above(3);
    for (const from of [1, 2, 5, 9, 12, 13])
      expect((await fixture.read(from)).seqs, `from ${from}`).to.deep.equal(range(from, 12));
  });

  it('continues where it was when it is opened again', async () => {
    await fixture.fill(5, LARGE_PAYLOAD);
    await fixture.commit({ kind: 'sent', broker: 1, through: 3, entries: [{ seq: 3, hash: 7 }] });
    const before = fixture.ledger.pack();
    await fixture.reopen();
    expect(fixture.ledger.pack().equals(before), 'the same state').to.equal(true);
    await fixture.fill(5, LARGE_PAYLOAD);
    await fixture.reopen();
    expect((await fixture.read()).seqs).to.deep.equal(range(1, 10));
  });

  it('removes a segment once no event of it is needed, and keeps the state', async () => {
    await fixture.fill(8, LARGE_PAYLOAD);
    const before = segments().length;
    const first = fixture.log.segments[0]?.last ?? 0;
    await fixture.log.release(first - 1);
    expect(segments()).to.have.length(before);
    await fixture.log.release(first);
    expect(segments()).to.have.length(before - 1);
    const state = fixture.ledger.pack();
    await fixture.log.release(8);
    expect(segments(), 'the newest one has the state').to.have.length(1);
    await fixture.reopen();
    expect(fixture.ledger.pack().equals(state)).to.equal(true);
  });

  it('counts its bytes as the folder does', async () => {
    await fixture.fill(9, LARGE_PAYLOAD);
    const bytes = segments().map(name => statSync(join(folder, name)).size);
    expect(fixture.log.bytes).to.equal(bytes.reduce((sum, size) => sum + size, 0));
  });

  it('reads what is committed while it reads, without an event twice', async () => {
    await fixture.fill(3);
    const reader = fixture.log.reader();
    expect((await reader.next(1, NAMES)).through).to.equal(3);
    await fixture.fill(3);
    const { events, through } = await reader.next(4, NAMES);
    expect(events.map(({ seq }) => seq)).to.deep.equal([4, 5, 6]);
    expect(through).to.equal(6);
    await reader.close();
  });

  it('goes on behind a segment that was removed while it was read', async () => {
    await fixture.fill(8, LARGE_PAYLOAD);
    const reader = fixture.log.reader();
    await reader.next(1, NAMES);
    const [oldest] = fixture.log.segments;
    if (oldest === undefined) throw new Error('there is no segment');
    await fixture.log.remove(oldest);
    expect((await fixture.read(1)).seqs).to.deep.equal(range(oldest.last + 1, 8));
    await reader.close();
  });

  it('stores a commit of several megabytes as a whole', async () => {
    await fixture.commit(...range(1, 100).map(seq => event(seq, LARGE_PAYLOAD)));
    await fixture.reopen();
    expect((await fixture.read()).seqs).to.deep.equal(range(1, 100));
    expect((await fixture.read(77)).seqs).to.deep.equal(range(77, 100));
  });

  it('knows brokers by their names when others were added and removed', async () => {
    await fixture.commit(event(1), { kind: 'done', broker: 2, through: 1, messages: 1, bytes: 12 });
    await fixture.reopen(['C', 'D', 'A']);
    expect(fixture.ledger.broker(0).done, 'of C').to.equal(1);
    expect(fixture.ledger.broker(1).done, 'D is new: it gets no event of before').to.equal(1);
    expect(fixture.ledger.broker(2).offered.messages, 'of A').to.equal(0);
    await fixture.commit(event(2, { origin: 2, recipients: 0b011 }));
    const { events } = await fixture.next(1, ['C', 'D', 'A']);
    expect(events.map(({ origin, recipients }) => [origin, recipients])).to.deep.equal([
      [2, 0b001],
      [2, 0b011],
    ]);
  });

  it('says when the last event of an older segment expires, also after a restart', async () => {
    await fixture.fill(4, { ...LARGE_PAYLOAD, expiresAt: 9_000 });
    await fixture.fill(4, { ...LARGE_PAYLOAD, expiresAt: 8_000 });
    await fixture.reopen();
    expect(fixture.log.segments[0]?.expiry).to.equal(9_000);
    expect(fixture.log.segments.at(-1)?.expiry).to.equal(8_000);
  });
});
