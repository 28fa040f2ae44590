/**
 * Stands in for the worker of a broker: sends packed observations to the reconciler as the worker does, within its credit, and
 * delivers each publication back as its echo, over MQTT 5.
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import { BatchReader, BatchWriter } from '../lib/protocol/batch.ts';
import type { FromBroker, PublicationId, ToBroker } from '../lib/protocol/messages.ts';
import { writeObservation } from '../lib/protocol/observation.ts';
import { publicationBytes, readPublication } from '../lib/protocol/publication.ts';
import { payloadOf, topicOf } from './message.ts';

/** The size of a batch under load, and the batches in flight to the reconciler: as in lib/broker/incoming/ingress.ts. */
const BATCH_BYTES = 256 * 1024;
const MAX_BATCHES = 8;

const PAYLOAD_BYTES = 100;

export class BrokerStandIn {
  readonly #port: MessagePort;
  readonly #writer = new BatchWriter();
  readonly #batches: { readonly batch: ArrayBuffer; readonly messages: number }[] = [];
  #inFlight = 0;
  #isPaced = false;
  #completed = 0;
  #echoes = 0;
  #awaited: { readonly last: string; readonly resolve: () => void } | undefined;
  #emptied: (() => void) | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (message: ToBroker) => this.#receive(message));
  }

  /** Publications that were delivered back. */
  get echoes(): number {
    return this.#echoes;
  }

  connected(): void {
    this.#post({
      kind: 'session-started',
      session: 1,
      stamps: true,
      retainsMessages: true,
      writesControlTopics: true,
      marker: 'absent',
    });
  }

  /** Resolves when the reconciler has taken all that was delivered. */
  async caughtUp(): Promise<void> {
    await this.#empty();
    this.#post({ kind: 'caught-up', stamps: true, isReplayIncomplete: false });
  }

  /** Retained messages of these numbers: one of each topic in turn. */
  deliver(first: number, messages: number, topics: number, replay: boolean): void {
    for (let sequence = first; sequence < first + messages; sequence++) {
      writeObservation(this.#writer, {
        topic: topicOf(sequence, topics),
        payload: Buffer.from(payloadOf(sequence, PAYLOAD_BYTES)),
        properties: '',
        retained: true,
        replay,
        stamp: undefined,
        own: false,
        expiry: Number.POSITIVE_INFINITY,
      });
      if (this.#writer.length >= BATCH_BYTES) this.#close();
    }
    this.#close();
  }

  /** Resolves when the last value of this topic was published to the broker. */
  published(topic: string): Promise<void> {
    return new Promise(resolve => {
      this.#awaited = { last: topic, resolve };
    });
  }

  /** Sends so many batches a second, as far as the credit goes. Resolves when all are sent. */
  async sendPaced(batchesPerSecond: number): Promise<void> {
    this.#isPaced = true;
    const start = performance.now();
    for (let sent = 0; this.#batches.length > 0; ) {
      const due = Math.floor(((performance.now() - start) / 1000) * batchesPerSecond);
      while (sent < due && this.#sendNext()) sent++;
      await wait(5);
    }
  }

  /** Sends what the credit allows. */
  send(): void {
    while (this.#sendNext());
    if (this.#batches.length === 0) this.#emptied?.();
  }

  close(): void {
    this.#port.close();
  }

  #receive(message: ToBroker): void {
    if (message.kind === 'credit') {
      this.#inFlight -= message.batches;
      if (!this.#isPaced) this.send();
    } else if (message.kind === 'publications') this.#publish(message.batch);
  }

  #publish(batch: ArrayBuffer): void {
    const reader = new BatchReader(batch);
    const acknowledged: PublicationId[] = [];
    let bytes = 0;
    let isLast = false;
    while (!reader.done) {
      const publication = readPublication(reader);
      const { topic, payload, version, hasNoEcho } = publication;
      bytes += publicationBytes(publication);
      this.#completed++;
      // The marker, which a worker keeps to itself.
      if (hasNoEcho) acknowledged.push({ topic, version });
      if (hasNoEcho) continue;
      writeObservation(this.#writer, {
        ...{ topic, payload, properties: '', retained: true, replay: false },
        ...{ stamp: version, own: true, expiry: Number.POSITIVE_INFINITY },
      });
      this.#echoes++;
      isLast ||= topic === this.#awaited?.last;
      if (this.#writer.length >= BATCH_BYTES) this.#close();
    }
    this.#close();
    this.#post({
      kind: 'publish-results',
      completedUpTo: this.#completed,
      bytes,
      acknowledged,
      refused: [],
    });
    if (!this.#isPaced) this.send();
    if (isLast) this.#awaited?.resolve();
  }

  #close(): void {
    const { records: messages } = this.#writer;
    if (messages > 0) this.#batches.push({ batch: this.#writer.take(), messages });
  }

  #sendNext(): boolean {
    const next = this.#inFlight < MAX_BATCHES ? this.#batches.shift() : undefined;
    if (next === undefined) return false;
    this.#inFlight++;
    this.#port.postMessage({ kind: 'observations', ...next } satisfies FromBroker, [next.batch]);
    return true;
  }

  #empty(): Promise<void> {
    return new Promise(resolve => {
      this.#emptied = resolve;
      this.send();
    });
  }

  #post(message: FromBroker): void {
    this.#port.postMessage(message);
  }
}
