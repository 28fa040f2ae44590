/** Open pages receive what changed; the stream drops a page that does not read. */

import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import sinon from 'sinon';
import type { Delta, Status } from '../../lib/status/api.ts';
import { EventStream, MAX_READERS } from '../../lib/status/event-stream.ts';

const EMPTY: Status = {
  version: '1.2.3',
  replica: 'us',
  startedAt: 0,
  mergeFrequency: 1,
  heartbeatPeriod: 10_000,
  hidesPayloads: false,
  allowsActions: false,
  filters: ['#'],
  brokers: [],
  topics: { converged: 0, diverging: 0, blocked: 0, deleted: 0 },
  convergence: { buckets: [], sum: 0, count: 0 },
  rates: [],
  conflicts: [],
};

/** A response whose reader reads everything, or nothing. */
class FakeResponse extends EventEmitter {
  written = '';
  writableLength = 0;
  destroyed = false;
  ended = false;
  reads = true;

  write(text: string): boolean {
    this.written += text;
    if (!this.reads) this.writableLength += text.length;
    return this.reads;
  }

  end(): void {
    this.ended = true;
    this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }

  get events(): { event: string; data: Status & Delta }[] {
    return [...this.written.matchAll(/^event: (\w+)\ndata: (.+)$/gm)].map(([, event = '', data = '']) => ({
      event,
      data: JSON.parse(data) as Status & Delta,
    }));
  }

  get response(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

describe('the stream of events', () => {
  let clock: sinon.SinonFakeTimers;
  let status: Status;
  let statusReads: number;
  let stream: EventStream;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    status = EMPTY;
    statusReads = 0;
    stream = new EventStream(async () => {
      statusReads++;
      return status;
    });
  });

  afterEach(() => {
    stream.close();
    clock.restore();
  });

  async function reader(): Promise<FakeResponse> {
    const response = new FakeResponse();
    await stream.add(response.response);
    return response;
  }

  const converged = (count: number): Status => ({ ...EMPTY, topics: { ...EMPTY.topics, converged: count } });

  it('sends the whole state, then once a second what changed', async () => {
    const page = await reader();
    status = converged(1);
    await clock.tickAsync(1_000);
    await clock.tickAsync(1_000);
    status = converged(2);
    await clock.tickAsync(1_000);
    expect(page.events.map(({ event }) => event)).to.deep.equal(['status', 'delta', 'delta']);
    expect(page.events[0]?.data).to.deep.equal(EMPTY);
    expect(page.events[2]?.data).to.deep.equal({ topics: converged(2).topics });
  });

  it('sends a later reader the state that the others have, so that the same deltas fit', async () => {
    const first = await reader();
    status = converged(1);
    const second = await reader();
    expect(second.events[0]?.data.topics.converged).to.equal(0);
    await clock.tickAsync(1_000);
    expect(second.events[1]).to.deep.equal(first.events[1]);
  });

  it('reads the state once for readers that come at the same time', async () => {
    const pages = await Promise.all([reader(), reader(), reader()]);
    expect(statusReads).to.equal(1);
    for (const { events } of pages) expect(events).to.have.lengthOf(1);
  });

  it('does not read the state without a reader, and reads it again for the next reader', async () => {
    const page = await reader();
    page.destroy();
    statusReads = 0;
    await clock.tickAsync(10_000);
    expect(statusReads).to.equal(0);
    status = converged(7);
    expect((await reader()).events[0]?.data.topics.converged).to.equal(7);
  });

  it('sends a comment if nothing happens for some time', async () => {
    const page = await reader();
    await clock.tickAsync(40_000);
    const comments = page.written.match(/^: /gm) ?? [];
    expect(comments.length).to.be.within(2, 3);
    expect(page.events).to.have.lengthOf(1);
  });

  it('sends the whole state again if brokers come or go', async () => {
    const page = await reader();
    const broker = { name: 'LIMA' } as Status['brokers'][number];
    status = { ...EMPTY, brokers: [broker] };
    await clock.tickAsync(1_000);
    expect(page.events[1]).to.deep.include({ event: 'status' });
  });

  it('drops a reader for which too many bytes wait', async () => {
    const [slow, quick] = [await reader(), await reader()];
    slow.reads = false;
    const conflict = { topic: 'x'.repeat(200_000) } as Status['conflicts'][number];
    for (let seconds = 0; seconds < 3; seconds++) {
      status = { ...EMPTY, conflicts: [{ ...conflict, at: seconds }] };
      await clock.tickAsync(1_000);
    }
    expect(slow.destroyed).to.equal(true);
    expect(quick.destroyed).to.equal(false);
    expect(quick.events).to.have.lengthOf(4);
    expect(stream.readers).to.equal(1);
  });

  it('drops a reader for which bytes wait too long, however few', async () => {
    const slow = await reader();
    slow.reads = false;
    status = converged(1);
    await clock.tickAsync(1_000);
    await clock.tickAsync(29_000);
    expect(slow.destroyed).to.equal(false);
    await clock.tickAsync(2_000);
    expect(slow.destroyed).to.equal(true);
  });

  it('keeps a reader that was slow only for some time', async () => {
    const page = await reader();
    page.reads = false;
    status = converged(1);
    await clock.tickAsync(1_000);
    page.reads = true;
    page.writableLength = 0;
    page.emit('drain');
    await clock.tickAsync(60_000);
    expect(page.destroyed).to.equal(false);
  });

  it(`serves ${MAX_READERS} readers at most`, async () => {
    const pages = await Promise.all(Array.from({ length: MAX_READERS + 1 }, () => reader()));
    expect(stream.readers).to.equal(MAX_READERS);
    expect(stream.isFull).to.equal(true);
    expect(pages.filter(({ destroyed }) => destroyed)).to.have.lengthOf(1);
  });

  it('forgets a reader that left before the first state was read', async () => {
    const response = new FakeResponse();
    const added = stream.add(response.response);
    response.destroy();
    await added;
    expect(stream.readers).to.equal(0);
  });
});
