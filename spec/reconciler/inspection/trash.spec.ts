/** Deleted and overwritten messages are kept for an hour, within bounds, and restored on request. */

import { expect } from 'chai';
import type { Loss } from '../../../lib/reconciler/inspection/trash.ts';
import { type FixtureOptions, ReconcilerFixture } from '../reconciler-fixture.ts';

const MINUTE = 60_000;

describe('Trash', () => {
  let fixture: ReconcilerFixture;

  const begin = async (topics: Readonly<Record<string, string>>, options: FixtureOptions = {}) => {
    await fixture.start({ brokers: 2, ...options });
    for (const end of fixture.ends) end.settles = true;
    await fixture.ready(topics);
  };

  beforeEach(() => {
    fixture = new ReconcilerFixture();
  });

  afterEach(() => fixture.close());

  const list = (filter = '') => fixture.ask({ kind: 'trash', filter });
  const undo = (filter: string) => fixture.ask({ kind: 'undo', filter });

  async function write(topic: string, payload: string, broker = 0): Promise<void> {
    fixture.end(broker).observe({ topic, payload });
    await fixture.tick();
  }

  /** `topic how value`, newest first. */
  async function contents(filter = ''): Promise<string[]> {
    const { discarded } = await list(filter);
    return discarded.map(
      ({ topic, how, value }) => `${topic} ${how} ${'text' in value ? value.text : value.kind}`,
    );
  }

  it('keeps a deleted message', async () => {
    await begin({ door: 'closed', window: 'open' });
    await write('door', '');
    expect(await contents()).to.deep.equal(['door deleted closed']);
  });

  it('keeps a value that was overwritten after it had stood for a minute, and no value that changes all the time', async () => {
    await begin({});
    await write('config', '1');
    await write('sensor', '1');
    for (let second = 2; second <= 62; second++) {
      fixture.clock.tick(1_000);
      await write('sensor', String(second));
    }
    expect(await contents()).to.deep.equal([]);
    await write('config', '2');
    expect(await contents()).to.deep.equal(['config overwritten 1']);
  });

  it('keeps the loser of a conflict', async () => {
    await begin({});
    fixture.end(0).observe({ topic: 't', payload: 'of A' });
    await fixture.all();
    fixture.end(1).observe({ topic: 't', payload: 'of B' });
    await fixture.tick();
    expect(await contents()).to.deep.equal(['t conflict of A']);
  });

  it('keeps no message that was repeated, and none that expired', async () => {
    await begin({}, { filters: [{ filter: '#', subscribe: 3, publish: 3, ttl: MINUTE }] });
    await write('t', '1');
    await write('t', '1');
    fixture.clock.tick(2 * MINUTE);
    await fixture.tick();
    expect(await contents()).to.deep.equal([]);
  });

  it('restores the message of a topic at all brokers, and then has it no longer', async () => {
    await begin({ door: 'closed', 'door/2': 'closed' });
    await write('door', '');
    await write('door/2', '');
    for (const end of fixture.ends) end.published.length = 0;
    expect(await undo('door')).to.deep.equal({ topics: ['door'] });
    await fixture.tick();
    for (const end of fixture.ends) expect(end.payloads).to.deep.equal(['door=closed']);
    expect(await contents()).to.deep.equal(['door/2 deleted closed']);
  });

  it('restores the messages of a topic filter', async () => {
    const topics = { 'a/1': 'x', 'a/2': 'y', b: 'z' };
    await begin(topics);
    for (const topic of Object.keys(topics)) await write(topic, '');
    expect(await contents('a/+')).to.have.lengthOf(2);
    expect((await undo('a/#')).topics.toSorted()).to.deep.equal(['a/1', 'a/2']);
    expect(await undo('a/#')).to.deep.equal({ topics: [] });
    expect(await contents()).to.deep.equal(['b deleted z']);
  });

  it('keeps the message that a restored one replaced, so that an undo can be undone', async () => {
    await begin({ t: 'first' });
    fixture.clock.tick(MINUTE);
    await write('t', 'second');
    await undo('t');
    await fixture.tick();
    expect(await contents()).to.deep.equal(['t undone second']);
    await undo('t');
    await fixture.tick();
    expect(fixture.end(1).payloads.at(-1)).to.equal('t=second');
  });

  it('keeps the last loss of a topic, for an hour', async () => {
    await begin({ t: 'first' });
    await write('t', '');
    fixture.clock.tick(50 * MINUTE);
    await write('t', 'second');
    await write('t', '');
    expect(await contents()).to.deep.equal(['t deleted second']);
    fixture.clock.tick(59 * MINUTE);
    expect(await contents()).to.have.lengthOf(1);
    fixture.clock.tick(2 * MINUTE);
    expect(await contents()).to.deep.equal([]);
    expect(await undo('t')).to.deep.equal({ topics: [] });
  });

  it('keeps 1,000 topics at most: the oldest makes room', async () => {
    const names = Array.from({ length: 1_100 }, (_, index) => `t${index}`);
    await begin(Object.fromEntries(names.map(topic => [topic, 'x'])));
    fixture.end(0).observe(...names.map(topic => ({ topic, payload: '' })));
    await fixture.tick();
    const found = await contents();
    expect(found).to.have.lengthOf(1_000);
    expect(found.at(-1)).to.equal('t100 deleted x');
  });

  it('keeps 8 MB at most', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `t${index}`);
    await begin(Object.fromEntries(names.map(topic => [topic, 'x'.repeat(1_000_000)])));
    fixture.end(0).observe(...names.map(topic => ({ topic, payload: '' })));
    await fixture.tick();
    expect((await list()).discarded.map(({ topic }) => topic))
      .to.have.lengthOf(8)
      .and.include('t19');
  });

  it('shows no values if payloads are hidden', async () => {
    await begin({ door: 'closed' }, { payloads: 'hidden' });
    await write('door', '');
    const how: Loss = 'deleted';
    expect(await contents()).to.deep.equal([`door ${how} hidden`]);
  });
});
