/** The worker's end of a real MessageChannel to the reconciler: it says what a worker would, and remembers what it is told. */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { BatchReader, BatchWriter } from '../../lib/protocol/batch.ts';
import type { FromBroker, PublishResults, SessionStarted, ToBroker } from '../../lib/protocol/messages.ts';
import { type RawObservation, writeObservation } from '../../lib/protocol/observation.ts';
import { publicationBytes, type RawPublication, readPublication } from '../../lib/protocol/publication.ts';

export class WorkerEnd {
  /** For the reconciler. */
  readonly port: MessagePort;
  /** Publications that came in this session. */
  sent = 0;
  /** All that was told, oldest first. */
  readonly messages: ToBroker[] = [];
  /** What was to be published, without mqttrep's own topics. */
  readonly published: RawPublication[] = [];
  /** What was to be published to mqttrep's own topics. */
  readonly own: RawPublication[] = [];
  /** How many publications came in each batch, those of mqttrep's own topics included. */
  readonly batches: number[] = [];
  /** Settle each publication as it comes. */
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

  /** Connected; the replay begins. */
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

  /** The replay, whole. */
  replay(topics: Readonly<Record<string, string>> = {}, isCut = false): this {
    const shown = Object.entries(topics).map(([topic, payload]) => ({ topic, payload, replay: true }));
    if (shown.length > 0) this.observe(...shown);
    return this.post({ kind: 'caught-up', stamps: true, isReplayIncomplete: isCut });
  }

  /** One batch of retained messages. */
  observe(
    ...observations: readonly (Partial<Omit<RawObservation, 'payload'>> & {
      topic: string;
      payload: string;
    })[]
  ): this {
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
    return this.post({ kind: 'observations', batch: writer.take(), messages: observations.length });
  }

  /** The broker has taken all that came. */
  settle(refused: PublishResults['refused'] = []): this {
    const { count, bytes } = this.#unsettled;
    this.#unsettled = { count: 0, bytes: 0 };
    this.#through += count;
    return this.post({
      kind: 'publish-results',
      completedUpTo: this.#through,
      bytes,
      acknowledged: [],
      refused,
    });
  }

  post(message: FromBroker): this {
    this.#port.postMessage(message);
    return this;
  }

  /** Resolves when the reconciler has worked off all that was posted, and we have all that it said to it. */
  async roundTrip(): Promise<void> {
    const credits = this.credits;
    this.observe();
    await this.until(() => this.credits > credits);
  }

  /** Batches of observations that were worked off. */
  get credits(): number {
    return this.messages.reduce((sum, message) => sum + (message.kind === 'credit' ? message.batches : 0), 0);
  }

  get payloads(): string[] {
    return this.published.map(({ topic, payload }) => `${topic}=${payload}`);
  }

  /** Resolves when the condition holds of what was told. */
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
