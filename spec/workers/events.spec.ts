/** The thread of the event actor, over real ports and a real disk. The specs are the main thread and the broker workers. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { EventMeasures, ToEventLink } from '../../lib/protocol/event-messages.ts';
import type { EventSettings } from '../../lib/protocol/event-settings.ts';
import type { StorePlace } from '../../lib/protocol/settings.ts';
import { eventually } from '../support/eventually.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { EventThread, message, NAMES, settingsAt } from './event-thread.ts';

describe('The thread of the event actor', () => {
  let folder: string;
  let thread: EventThread | undefined;

  const start = (
    store: StorePlace = { kind: 'folder', path: folder },
    queue: Partial<EventSettings['queue']> = {},
  ) => {
    thread = new EventThread(store, queue);
    return thread;
  };

  async function measured(): Promise<EventMeasures> {
    if (thread === undefined) throw new Error('it is not running');
    return thread.ask<EventMeasures>({ kind: 'measures' });
  }

  beforeEach(async () => {
    folder = await tempFolder('events');
  });

  afterEach(async () => {
    await thread?.stop();
    thread = undefined;
  });

  it('names its log before it lets a worker connect', async () => {
    const { workers } = start();
    for (const { received } of workers)
      await eventually(() =>
        expect(received.map(({ kind }) => kind)).to.deep.equal(['start-events', 'connect']),
      );
  });

  it('E1, E2: acknowledges an event once it is on the disk, gives credit, and delivers it elsewhere', async () => {
    const { workers } = start();
    await thread?.connectBoth();
    const [a, b] = workers;
    a?.deliver(message(1, 'one'), message(2, 'two'));
    await eventually(() => expect(a?.durable).to.equal(2));
    expect(a?.credit).to.equal(1);
    await eventually(() =>
      expect(b?.deliveries.map(each => each.payload.toString())).to.deep.equal(['one', 'two']),
    );
    expect(a?.deliveries, 'E4: not to its origin').to.deep.equal([]);
    expect(readdirSync(join(folder, 'events')).filter(name => name.endsWith('.log'))).to.deep.equal([
      'events-1.log',
    ]);
  });

  it('keeps what is not delivered for the next start, and says what waits', async () => {
    start();
    await thread?.worker(0).connect();
    thread?.worker(0).deliver(message(1, 'one'), message(2, 'two'));
    await eventually(() => expect(thread?.worker(0).durable).to.equal(2));
    await thread?.stop();
    const again = start();
    const { brokers, logBytes } = await again.ask<EventMeasures>({ kind: 'measures' });
    expect(brokers.map(({ name, messages, state }) => ({ name, messages, state }))).to.deep.equal([
      { name: 'A', messages: 0, state: 'away' },
      { name: 'B', messages: 2, state: 'away' },
    ]);
    expect(logBytes).to.be.above(0);
    await again.worker(1).connect();
    await eventually(() => expect(again.worker(1).deliveries.map(({ seq }) => seq)).to.deep.equal([1, 2]));
  });

  it('resolves by a fence what a killed process had sent, and does not send again what came back', async () => {
    const { workers } = start();
    await thread?.connectBoth();
    workers[0]?.deliver(message(1, 'one'), message(2, 'two'));
    await eventually(() => expect(workers[1]?.deliveries).to.have.length(2));
    const [named] = workers[1]?.received ?? [];
    // The thread ends before any PUBACK has come.
    await thread?.stop();
    const again = start();
    const b = again.worker(1);
    await b.connect();
    const fence = () => b.received.find(({ kind }) => kind === 'fence');
    await eventually(() => expect(fence()).to.not.equal(undefined));
    expect(b.deliveries).to.deep.equal([]);
    const node = named?.kind === 'start-events' ? named.node : '';
    const { nonce } = fence() as ToEventLink & { kind: 'fence' };
    b.deliver({ kind: 'echo', ordinal: 1, id: { node, seq: 1 } }, { kind: 'fence', ordinal: 2, nonce });
    await eventually(() => expect(b.deliveries.map(({ seq }) => seq)).to.deep.equal([2]));
    await eventually(() => expect(b.durable).to.equal(2));
  });

  it('counts an event that a broker refuses, and goes on', async () => {
    const { workers } = start();
    await thread?.connectBoth();
    const [a, b] = workers;
    a?.deliver(message(1, 'one'), message(2, 'two'));
    await eventually(() => expect(b?.deliveries).to.have.length(2));
    b?.post({ kind: 'refused', session: b.session, seq: 1, reason: 'Not authorized', cause: 'denied' });
    b?.post({ kind: 'delivered', session: b.session, through: 2 });
    await eventually(async () => {
      const { brokers } = await measured();
      expect(brokers[1]).to.include({ delivered: 1, messages: 0 });
      expect(brokers[1]?.dropped).to.deep.equal([{ filter: 'e/#', reason: 'refused', count: 1 }]);
    });
    expect(thread?.lines.join()).to.contain(
      'B: an event dropped (the broker refuses it), the last under e/#: e/t (Not authorized)',
    );
  });

  it('ignores messages of a session that has ended', async () => {
    const { workers } = start();
    await thread?.connectBoth();
    const [a] = workers;
    const first = a?.session ?? 0;
    a?.post({ kind: 'ended', session: first });
    await eventually(() => expect(a?.session).to.equal(first + 1));
    a?.post({ kind: 'ended', session: first });
    await a?.connect();
    a?.deliver(message(1, 'x'));
    await eventually(() => expect(a?.durable).to.equal(1));
    expect(a?.session).to.equal(first + 1);
  });

  it('forgets a broker with all that waits for it, once the worker has removed the session', async () => {
    const { workers } = start();
    await thread?.connectBoth();
    const [a, b] = workers;
    b?.post({ kind: 'ended', session: b.session });
    a?.deliver(message(1, 'one'));
    await eventually(() => expect(a?.durable).to.equal(1));
    const answer = thread?.ask({ kind: 'forget', broker: 'B' });
    await eventually(() => expect(b?.received.at(-1)?.kind).to.equal('forget'));
    b?.post({ kind: 'forgotten' });
    expect(await answer).to.deep.equal({ events: 1, isSessionRemoved: true });
    const { brokers } = await measured();
    expect(brokers[1]).to.include({ name: 'B', messages: 0, state: 'away' });
    expect(await thread?.ask({ kind: 'forget', broker: 'X' })).to.equal(null);
  });

  it('needs nothing for a broker that a reload removes', async () => {
    const { workers } = start();
    await thread?.connectBoth();
    workers[1]?.post({ kind: 'ended', session: workers[1].session });
    workers[0]?.deliver(message(1, 'one'));
    await eventually(() => expect(workers[0]?.durable).to.equal(1));
    thread?.configure(
      settingsAt({ kind: 'folder', path: folder }),
      NAMES.map(name => ({ name, rank: 0, isRemoved: name === 'B' })),
    );
    await eventually(async () => {
      expect((await measured()).brokers.map(({ name }) => name)).to.deep.equal(['A']);
    });
    expect(thread?.reports.some(({ kind }) => kind === 'configured')).to.equal(true);
  });

  it('takes in a broker that a reload adds, and gives it the events from then on', async () => {
    const running = start();
    await running.connectBoth();
    running.worker(0).deliver(message(1, 'before'));
    await eventually(() => expect(running.worker(0).durable).to.equal(1));
    const settings = settingsAt({ kind: 'folder', path: folder });
    const filters = [{ filter: 'e/#', mode: 'event', subscribe: 0b111, publish: 0b111 } as const];
    const c = running.add({ ...settings, filters }, 'C');
    await c.connect();
    running.worker(0).deliver(message(2, 'after'));
    await eventually(() =>
      expect(c.deliveries.map(each => each.payload.toString())).to.deep.equal(['after']),
    );
    await running.stop();
    const { brokers } = await start().ask<EventMeasures>({ kind: 'measures' });
    expect(brokers.map(({ name, messages }) => [name, messages])).to.deep.equal([
      ['A', 0],
      ['B', 2],
    ]);
  });
});
