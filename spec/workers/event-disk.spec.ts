/** What the thread of the event actor does with a log that is damaged, of another version, or not there. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { EventMeasures } from '../../lib/protocol/event-messages.ts';
import type { EventSettings } from '../../lib/protocol/event-settings.ts';
import type { StorePlace } from '../../lib/protocol/settings.ts';
import { eventually } from '../support/eventually.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { EventThread, message } from './event-thread.ts';

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

  it('moves a damaged part of an older segment aside, says so, and delivers what is behind it', async () => {
    const small = () => start(undefined, { bytes: 512 * 1024 });
    small();
    await thread?.worker(0).connect();
    const events = 60;
    for (let ordinal = 1; ordinal <= events; ordinal++) {
      thread?.worker(0).deliver(message(ordinal, String(ordinal).padEnd(4_000)));
      await eventually(() => expect(thread?.worker(0).durable).to.equal(ordinal));
    }
    await thread?.stop();
    const oldest = join(folder, 'events', 'events-1.log');
    const bytes = readFileSync(oldest);
    const middle = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    writeFileSync(oldest, bytes);
    const b = small().worker(1);
    await b.connect();
    const arrived = () => b.deliveries.map(({ seq }) => seq);
    const acknowledge = () =>
      b.post({ kind: 'delivered', session: b.session, through: arrived().at(-1) ?? 0 });
    await eventually(() => {
      acknowledge();
      expect(arrived().at(-1)).to.equal(events);
    });
    const lost = events - arrived().length;
    expect(lost).to.be.within(1, 16);
    expect(arrived()).to.deep.equal([...new Set(arrived())].sort((one, other) => one - other));
    await eventually(() =>
      expect(thread?.lines.join()).to.match(
        /is damaged .*events from there on are lost .*delivery goes on behind them/,
      ),
    );
    expect(readdirSync(join(folder, 'events')).some(name => name.startsWith('damaged-'))).to.equal(true);
    await eventually(async () => {
      const { brokers, damagedSegments } = await measured();
      expect(damagedSegments).to.equal(1);
      expect(brokers[1]).to.include({ messages: 0, delivered: events - lost });
    });
  });

  it('says that its folder cannot be used, and tries again until it can', async () => {
    writeFileSync(join(folder, 'events'), 'a file where the folder belongs');
    const { workers } = start();
    await eventually(() =>
      expect(thread?.lines.join()).to.match(/the event log cannot be opened.*until it can/),
    );
    expect(workers[0]?.received).to.deep.equal([]);
    await thread?.stop();
    expect(existsSync(join(folder, 'events'))).to.equal(true);
  });

  it('does not touch a log of another version, and says so', async () => {
    mkdirSync(join(folder, 'events'));
    writeFileSync(
      join(folder, 'events', 'events-1.log'),
      Buffer.from('mqttrep\x63 of another version', 'latin1'),
    );
    start();
    await thread?.ended;
    const fatal = () => thread?.reports.find(({ kind }) => kind === 'fatal');
    await eventually(() => expect(fatal()).to.include({ kind: 'fatal', cause: 'configuration' }));
  });

  it('works without a disk, until it ends', async () => {
    const { workers } = start({ kind: 'memory' });
    await thread?.connectBoth();
    workers[0]?.deliver(message(1, 'one'));
    await eventually(() => expect(workers[1]?.deliveries).to.have.length(1));
    expect(readdirSync(folder)).to.deep.equal([]);
  });
});
