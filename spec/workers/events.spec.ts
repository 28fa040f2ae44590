/** The thread of the event actor, over real ports and a real disk. The specs are the main thread and the broker workers. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { expect } from 'chai';
import { BatchReader, BatchWriter } from '../../lib/protocol/batch.ts';
import type {
  ControlOfEvents,
  EventMeasures,
  EventResponse,
  EventSessionStarted,
  FromEventLink,
  ToEventLink,
} from '../../lib/protocol/event-messages.ts';
import {
  type Delivery,
  type Incoming,
  readDelivery,
  writeIncoming,
} from '../../lib/protocol/event-records.ts';
import type { EventSettings } from '../../lib/protocol/event-settings.ts';
import type { Report } from '../../lib/protocol/messages.ts';
import type { BrokerPlace, StorePlace } from '../../lib/protocol/settings.ts';
import events from '../../workers/events.ts';
import { eventually } from '../support/eventually.ts';
import { tempFolder } from '../support/temp-folder.ts';

const NAMES = ['A', 'B'];

function settingsAt(store: StorePlace, queue: Partial<EventSettings['queue']> = {}): EventSettings {
  return {
    filters: [{ filter: 'e/#', mode: 'event', subscribe: 0b11, publish: 0b11 }],
    store,
    controlPrefix: 'mqttrep',
    bounds: { payload: 1e6, topics: 1e6, memory: undefined, topicLength: 1e4, levels: 200 },
    queue: { bytes: 1e9, full: 'oldest', sync: 0, ...queue },
    hops: 8,
  };
}

/** The end of a broker worker. */
class FakeWorker {
  readonly received: ToEventLink[] = [];
  readonly #port: MessagePort;
  session = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (message: ToEventLink) => {
      this.received.push(message);
      if (message.kind === 'connect') this.session = message.session;
    });
  }

  post(message: FromEventLink): void {
    this.#port.postMessage(message);
  }

  async connect(fields: Partial<EventSessionStarted> = {}): Promise<void> {
    const before = this.session;
    await eventually(() => expect(this.session, 'the session to connect').to.be.above(0));
    this.post({
      kind: 'event-session',
      session: Math.max(before, this.session),
      present: true,
      stamps: true,
      retainAsPublished: true,
      echo: true,
      fences: true,
      window: 20,
      acknowledges: true,
      brokerId: undefined,
      mustHold: false,
      ...fields,
    });
  }

  deliver(...records: readonly Incoming[]): void {
    const writer = new BatchWriter();
    for (const record of records) writeIncoming(writer, record);
    const batch = writer.take();
    this.#port.postMessage({ kind: 'events', session: this.session, batch } satisfies FromEventLink, [batch]);
  }

  get durable(): number {
    return Math.max(0, ...this.received.map(message => (message.kind === 'durable' ? message.through : 0)));
  }

  get credit(): number {
    return this.received.reduce((sum, each) => sum + (each.kind === 'event-credit' ? each.batches : 0), 0);
  }

  get deliveries(): Delivery[] {
    return this.received.flatMap(message => {
      if (message.kind !== 'deliver') return [];
      const reader = new BatchReader(message.batch);
      const deliveries: Delivery[] = [];
      while (!reader.done) deliveries.push(readDelivery(reader));
      return deliveries;
    });
  }

  close(): void {
    this.#port.close();
  }
}

function message(ordinal: number, payload: string, fields: Partial<Incoming> = {}): Incoming {
  return {
    kind: 'message',
    ordinal,
    packetId: ordinal,
    dup: false,
    retain: false,
    topic: 'e/t',
    payload: Buffer.from(payload),
    properties: '',
    expiry: Number.POSITIVE_INFINITY,
    path: [],
    ...fields,
  } as Incoming;
}

/** A running event actor, as the main thread sees it. */
class EventThread {
  readonly reports: (Report | EventResponse)[] = [];
  readonly workers: FakeWorker[];
  readonly ended: Promise<void>;
  readonly #control: MessagePort;
  #request = 0;

  constructor(store: StorePlace, queue: Partial<EventSettings['queue']>) {
    const { port1, port2 } = new MessageChannel();
    this.#control = port1;
    port1.on('message', (report: Report | EventResponse) => this.reports.push(report));
    const channels = NAMES.map(() => new MessageChannel());
    this.workers = channels.map(channel => new FakeWorker(channel.port1));
    const brokers = NAMES.map((name, index) => {
      const port = channels[index]?.port2;
      if (port === undefined) throw new Error('there is no port');
      return { name, rank: 0, isRemoved: false, port };
    });
    this.ended = events({ actor: 'events', control: port2, brokers, settings: settingsAt(store, queue) });
  }

  configure(settings: EventSettings, brokers: readonly BrokerPlace[]): void {
    this.#control.postMessage({ kind: 'configure', settings, brokers } satisfies ControlOfEvents);
  }

  /** Adds a broker, as a reload does. */
  add(settings: EventSettings, name: string): FakeWorker {
    const { port1, port2 } = new MessageChannel();
    this.configure(
      settings,
      [...NAMES, name].map(each => ({ name: each, rank: 0, isRemoved: false })),
    );
    const attach = { kind: 'attach', broker: NAMES.length, port: port2 } satisfies ControlOfEvents;
    this.#control.postMessage(attach, [port2]);
    const worker = new FakeWorker(port1);
    this.workers.push(worker);
    return worker;
  }

  worker(index: number): FakeWorker {
    const worker = this.workers[index];
    if (worker === undefined) throw new Error(`there is no worker ${index}`);
    return worker;
  }

  async connectBoth(): Promise<void> {
    for (const worker of this.workers) await worker.connect();
  }

  async ask<R>(request: (ControlOfEvents & { kind: 'request' })['request']): Promise<R> {
    const id = ++this.#request;
    this.#control.postMessage({ kind: 'request', id, request } satisfies ControlOfEvents);
    const answer = () => this.reports.find(report => report.kind === 'event-response' && report.id === id);
    await eventually(() => expect(answer()).to.not.equal(undefined));
    return (answer() as EventResponse).response as R;
  }

  async stop(): Promise<void> {
    this.#control.postMessage({ kind: 'stop' } satisfies ControlOfEvents);
    await this.ended;
    for (const worker of this.workers) worker.close();
  }

  get lines(): string[] {
    return this.reports.flatMap(report => (report.kind === 'log' ? [report.message] : []));
  }
}

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
