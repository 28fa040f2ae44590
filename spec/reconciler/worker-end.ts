/** The worker's end of a real MessageChannel to the reconciler. It posts what a worker would, and keeps what it receives. */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { BatchReader, BatchWriter } from '../../lib/protocol/batch.ts';
import type {
  FromBroker,
  Observations,
  PublishResults,
  SessionStarted,
  ToBroker,
} from '../../lib/protocol/messages.ts';
import { type RawObservation, writeObservation } from '../../lib/protocol/observation.ts';
import { publicationBytes, type RawPublication, readPublication } from '../../lib/protocol/publication.ts';
import { RETURNED_TOGETHER } from '../../lib/reconciler/links/inbound-credit.ts';

/** A message as a broker delivers it. */
type Delivered = Partial<Omit<RawObservation, 'payload'>> & {
  readonly topic: string;
  readonly payload: string;
};

export class WorkerEnd {
  /** The reconciler's end. */
  readonly port: MessagePort;
  /** Publications received in this session. */
  sent = 0;
  /** All messages received, the oldest first. */
  readonly messages: ToBroker[] = [];
  /** The publications received, without those of control topics. */
  readonly published: RawPublication[] = [];
  /** The publications received of control topics. */
  readonly own: RawPublication[] = [];
  /** How many publications came in each batch, those of control topics included. */
  readonly batches: number[] = [];
  /** Publications are settled as they come. */
  settles = false;
  readonly #port: MessagePort;
  #unsettled = { count: 0, bytes: 0 };
  #through = 0;
  #session = 0;
  #look: () => void = () => undefined;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.#port = port2;
    port2.on('message', (message: ToBroker) => this.#receive(message));
  }

  /** The broker is connected, and its replay begins. */
  begin(marker: SessionStarted['marker'] = 'absent'): this {
    this.#through = 0;
    this.sent = 0;
    this.#unsettled = { count: 0, bytes: 0 };
    return this.post({
      kind: 'session-started',
      session: ++this.#session,
      stamps: true,
      retainsMessages: true,
      writesControlTopics: true,
      marker,
    });
  }

  /** The replay from its first message to its end. */
  replay(topics: Readonly<Record<string, string>> = {}, isCut = false): this {
    const shown = Object.entries(topics).map(([topic, payload]) => ({ topic, payload, replay: true }));
    if (shown.length > 0) this.observe(...shown);
    return this.post({ kind: 'caught-up', stamps: true, isReplayIncomplete: isCut });
  }

  /** The broker delivers one batch of messages; they are retained unless said otherwise. */
  observe(...observations: readonly Delivered[]): this {
    return this.post(observed(observations));
  }

  /** A full scan, from its first message to its end. */
  scan(topics: Readonly<Record<string, string>>): this {
    const writer = new BatchWriter();
    for (const [topic, payload] of Object.entries(topics)) {
      writeObservation(writer, {
        ...{ topic, payload: Buffer.from(payload), properties: '', retained: true, replay: true },
        ...{ stamp: undefined, own: false, expiry: Number.POSITIVE_INFINITY },
      });
    }
    this.post({ kind: 'full-scan-batch', batch: writer.take() });
    const limits = { subscribes: 1, unreadFilters: [], droppedLevels: 0 };
    return this.post({ kind: 'full-scan-ended', outcome: 'complete', ...limits });
  }

  /** The broker has settled all publications. */
  settle(refused: PublishResults['refused'] = []): this {
    return this.post(this.#settled(refused));
  }

  /** The broker has acknowledged all publications, and stores the markers among them. */
  confirmMarkers(): this {
    const acknowledged = this.own.map(({ topic, version }) => ({ topic, version }));
    return this.post({
      kind: 'publish-results',
      completedUpTo: this.sent,
      bytes: 0,
      acknowledged,
      refused: [],
    });
  }

  /** The connection ends. The broker returns with its marker, and shows these topics. */
  returnWith(topics: Readonly<Record<string, string>>, isCut = false): this {
    return this.post({ kind: 'disconnected' }).begin({ payload: this.marker }).replay(topics, isCut);
  }

  /** The broker delivers all that was published to it, and has settled it. */
  echo(): this {
    const echoes = this.published
      .splice(0)
      .map(({ topic, payload, version }) => ({ topic, payload: String(payload), stamp: version, own: true }));
    return echoes.length > 0 ? this.post({ ...observed(echoes), results: this.#settled() }) : this;
  }

  post(message: FromBroker): this {
    this.#port.postMessage(message);
    return this;
  }

  /** Resolves when the reconciler has handled all that was posted, and its answers have arrived. */
  async roundTrip(): Promise<void> {
    const credits = this.credits;
    for (let batch = 0; batch < RETURNED_TOGETHER; batch++) this.observe();
    await this.until(() => this.credits > credits);
  }

  /** Batches of observations for which credit came back. */
  get credits(): number {
    return this.messages.reduce((sum, message) => sum + (message.kind === 'credit' ? message.batches : 0), 0);
  }

  /** The newest marker received. */
  get marker(): string {
    return String(this.own.at(-1)?.payload);
  }

  /** All messages received of a kind, the oldest first. */
  told(kind: ToBroker['kind']): ToBroker[] {
    return this.messages.filter(message => message.kind === kind);
  }

  get payloads(): string[] {
    return this.published.map(({ topic, payload }) => `${topic}=${payload}`);
  }

  /** Resolves when the condition holds for the messages received. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise(resolve => {
      this.#look = () => {
        if (condition()) resolve();
      };
    });
  }

  close(): void {
    this.#port.close();
  }

  #settled(refused: PublishResults['refused'] = []): PublishResults {
    const { count, bytes } = this.#unsettled;
    this.#unsettled = { count: 0, bytes: 0 };
    this.#through += count;
    return { kind: 'publish-results', completedUpTo: this.#through, bytes, acknowledged: [], refused };
  }

  #receive(message: ToBroker): void {
    this.messages.push(message);
    if (message.kind === 'publications') this.#take(message.batch);
    this.#look();
  }

  #take(batch: ArrayBuffer): void {
    const reader = new BatchReader(batch);
    let count = 0;
    for (; !reader.done; count++) {
      const publication = readPublication(reader);
      this.#unsettled.bytes += publicationBytes(publication);
      const isOwn = publication.topic.startsWith('mqttrep/');
      (isOwn ? this.own : this.published).push(publication);
    }
    this.#unsettled.count += count;
    this.sent += count;
    this.batches.push(count);
    if (this.settles) this.settle();
  }
}

/** One batch of messages that the broker delivers. */
function observed(observations: readonly Delivered[]): Observations {
  const writer = new BatchWriter();
  for (const one of observations) {
    writeObservation(writer, {
      properties: '',
      retained: true,
      replay: false,
      stamp: undefined,
      own: false,
      expiry: Number.POSITIVE_INFINITY,
      ...one,
      payload: Buffer.from(one.payload),
    });
  }
  return { kind: 'observations', batch: writer.take(), messages: observations.length };
}
