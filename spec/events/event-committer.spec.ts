/** When commits of the event log begin: events at once, what can wait with them, and many records together. */

import { expect } from 'chai';
import { EventCommitter } from '../../lib/events/event-committer.ts';
import type { EventRecord } from '../../lib/events/ledger/event-record.ts';
import { Ledger } from '../../lib/events/ledger/ledger.ts';
import type { EventLog } from '../../lib/events/log/event-log.ts';
import { VirtualClock } from '../sim/events/virtual-clock.ts';
import { event, NAMES } from './log/log-fixture.ts';

class Fixture {
  readonly clock = new VirtualClock();
  /** When each commit began, in milliseconds since the start, and its records. */
  readonly commits: [at: number, records: number][] = [];
  readonly committer: EventCommitter;
  isFull = false;
  #seq = 0;

  constructor(sync = 0) {
    const log = {
      segmentBytes: 64 * 1024,
      commit: (records: readonly EventRecord[]) => {
        if (this.isFull) return Promise.reject(new Error('the disk is full'));
        this.commits.push([this.clock.uptime(), records.length]);
        return Promise.resolve();
      },
    } as unknown as EventLog;
    const done = () => Promise.resolve();
    const parts = { log, ledger: new Ledger('node', NAMES), clock: this.clock, say: () => undefined };
    const nothing = () => undefined;
    const hooks = { makeRoom: done, tidy: done, began: nothing, ended: nothing, idle: nothing };
    this.committer = new EventCommitter(parts, sync, {
      ...hooks,
      fail: error => {
        throw error;
      },
    });
  }

  events(count: number): void {
    for (let left = count; left > 0; left--) this.committer.append(event(++this.#seq));
    this.committer.kick();
  }

  echo(): void {
    this.committer.append({ kind: 'echo', broker: 1, seq: 1, packetId: 0, hash: 0 });
    this.committer.kickSoon();
  }
}

describe('The commits of events', () => {
  it('begin at once for an event, also directly after another one', async () => {
    const fixture = new Fixture();
    fixture.events(1);
    await fixture.clock.run(0.5);
    fixture.events(1);
    await fixture.clock.run(0.5);
    expect(fixture.commits).to.deep.equal([
      [0, 1],
      [0.5, 1],
    ]);
  });

  it('take echoes with the next event, or on their own a moment after the last commit', async () => {
    const fixture = new Fixture();
    fixture.events(1);
    await fixture.clock.run(0.5);
    fixture.echo();
    await fixture.clock.run(0.5);
    fixture.events(1);
    await fixture.clock.run(0.5);
    fixture.echo();
    await fixture.clock.run(5);
    expect(fixture.commits).to.deep.equal([
      [0, 1],
      [1, 2],
      [3, 1],
    ]);
  });

  it('begin at once for an echo if there was none before', async () => {
    const fixture = new Fixture();
    await fixture.clock.run(100);
    fixture.echo();
    await fixture.clock.run(0);
    expect(fixture.commits).to.deep.equal([[100, 1]]);
  });

  it('wait after many records, so that the next one has many again', async () => {
    const fixture = new Fixture();
    for (let tenth = 0; tenth < 40; tenth++) {
      fixture.events(64);
      await fixture.clock.run(0.1);
    }
    expect(fixture.commits.map(([at]) => Math.round(at))).to.deep.equal([0, 2, 4]);
    await fixture.clock.run(5);
    expect(fixture.commits.reduce((sum, [, records]) => sum + records, 0)).to.equal(40 * 64);
  });

  it('E9: take no more events once they have those of a segment, until they begin', async () => {
    const fixture = new Fixture();
    const payload = Buffer.alloc(40 * 1024);
    fixture.committer.append(event(1, { payload }));
    expect(fixture.committer.isFull).to.equal(false);
    fixture.committer.append(event(2, { payload }));
    expect(fixture.committer.isFull).to.equal(true);
    fixture.committer.kick();
    await fixture.clock.run(0);
    expect([fixture.committer.isFull, fixture.commits]).to.deep.equal([false, [[0, 2]]]);
  });

  it('keep the configured time between each other', async () => {
    const fixture = new Fixture(50);
    for (let commit = 0; commit < 3; commit++) {
      fixture.events(1);
      fixture.echo();
      await fixture.clock.run(10);
    }
    await fixture.clock.run(100);
    expect(fixture.commits).to.deep.equal([
      [0, 2],
      [50, 4],
    ]);
  });

  it('are not hurried by events while the disk fails', async () => {
    const fixture = new Fixture();
    fixture.isFull = true;
    fixture.events(1);
    await fixture.clock.run(100);
    fixture.isFull = false;
    fixture.events(1);
    await fixture.clock.run(100);
    expect(fixture.commits).to.deep.equal([]);
    await fixture.clock.run(2_000);
    expect(fixture.commits.map(([, records]) => records)).to.deep.equal([2]);
    expect(fixture.committer.failures).to.equal(1);
  });
});
