/**
 * The thread of the event actor over real ports and a real disk, with the ends of the main thread and of the broker workers.
 */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { expect } from 'chai';
import { BatchWriter } from '../../lib/protocol/batch.ts';
import type { Report } from '../../lib/protocol/control-messages.ts';
import type {
  ControlOfEvents,
  EventResponse,
  EventSessionStarted,
  FromEventLink,
  ToEventLink,
} from '../../lib/protocol/event-messages.ts';
import { type Delivery, type Incoming, writeIncoming } from '../../lib/protocol/event-records.ts';
import type { EventSettings } from '../../lib/protocol/event-settings.ts';
import type { BrokerPlace, StorePlace } from '../../lib/protocol/settings.ts';
import events from '../../workers/events.ts';
import { deliveriesOf } from '../support/deliveries-of.ts';
import { eventually } from '../support/eventually.ts';

export const NAMES = ['A', 'B'];

export function settingsAt(store: StorePlace, queue: Partial<EventSettings['queue']> = {}): EventSettings {
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
export class FakeWorker {
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
    return this.received.flatMap(message => (message.kind === 'deliver' ? deliveriesOf(message.batch) : []));
  }

  close(): void {
    this.#port.close();
  }
}

export function message(ordinal: number, payload: string, fields: Partial<Incoming> = {}): Incoming {
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
export class EventThread {
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
