/** An outbox between what it is to publish and what the broker acknowledges. */

import { Outbox } from '../../../lib/broker/outgoing/outbox.ts';
import { RoundTrips } from '../../../lib/broker/outgoing/round-trips.ts';
import { BatchWriter } from '../../../lib/protocol/batch.ts';
import type { PublishResults } from '../../../lib/protocol/messages.ts';
import {
  type Publication,
  type RawPublication,
  writePublication,
} from '../../../lib/protocol/publication.ts';
import { Stamps } from '../../../lib/protocol/stamps.ts';

export const WINDOW = 256;
export const VERSION = { time: 36, counter: 1, replica: 'other' };

interface Sent {
  readonly topic: string;
  readonly payload: string;
  readonly options: Record<string, unknown>;
  readonly done: (error?: Error) => void;
}

/** In whose name it publishes. */
export const US = new Stamps('us', 'secret');

export class Fixture {
  readonly sent: Sent[] = [];
  readonly reports: PublishResults[] = [];
  readonly outbox: Outbox;
  #reported: (settled: PublishResults) => void = () => undefined;

  readonly acknowledged: number[] = [];
  readonly overdue: (readonly string[])[] = [];
  /** What was unsubscribed from. */
  readonly fences: string[] = [];
  #pass: () => void = () => undefined;
  hasEnded = false;
  /** Topics at which the client throws. */
  readonly throwsAt = new Set<string>();
  /** Topics in quarantine, and those that are not even tried. */
  readonly quarantined = new Set<string>();
  readonly barred = new Set<string>();
  /** What is handed over to trials, and whether there are any. */
  readonly tried: RawPublication[] = [];
  hasTrials = true;

  constructor({
    protocolVersion = 5,
    maxQos = 2,
    receiveMaximum = 65_535,
    retains = true,
    maximumPacketSize = Number.POSITIVE_INFINITY,
  } = {}) {
    const hasEnded = () => this.hasEnded;
    this.outbox = new Outbox({
      connection: {
        get hasEnded() {
          return hasEnded();
        },
        isWriting: false,
        unsubscribe: filters => {
          this.fences.push(filters.join());
          return new Promise(resolve => {
            this.#pass = () => resolve(true);
          });
        },
        protocolVersion: protocolVersion === 5 ? 5 : 4,
        publish: (topic, payload, options, done) => {
          if (this.throwsAt.has(topic)) throw new Error('thrown');
          this.sent.push({ topic, payload: payload.toString(), options: { ...options }, done });
        },
      },
      stamps: US,
      limits: {
        maxQos: maxQos === 0 ? 0 : maxQos === 1 ? 1 : 2,
        receiveMaximum,
        retains,
        maximumPacketSize,
      },
      hangups: {
        acknowledged: ({ size }) => this.acknowledged.push(size),
        routeOf: topic => (this.quarantined.has(topic) ? 'quarantine' : 'free'),
        refusalOf: topic => (this.barred.has(topic) ? { reason: 'barred', scope: 'topic' } : undefined),
        sizeLimit: () => Number.POSITIVE_INFINITY,
        accepted: topic => this.quarantined.delete(topic),
      },
      quarantinePublisher: {
        accepts: () => this.hasTrials,
        take: publication => this.tried.push(publication),
      },
      report: settled => {
        this.reports.push(settled);
        this.#reported(settled);
      },
      overdue: topics => this.overdue.push(topics),
      roundTrips: new RoundTrips(),
      controlPrefix: 'mqttrep',
    });
  }

  add(...publications: readonly (Partial<Publication> & { topic: string })[]): this {
    const writer = new BatchWriter();
    for (const one of publications) {
      writePublication(writer, {
        payload: 'x',
        properties: '',
        version: VERSION,
        expiresAt: Number.POSITIVE_INFINITY,
        retain: true,
        qos: 1,
        confirm: false,
        ...one,
      });
    }
    this.outbox.add(writer.take());
    return this;
  }

  /** The broker answers the last UNSUBSCRIBE. */
  async passFence(): Promise<void> {
    this.#pass();
    // What follows the answer, and the report of it.
    await new Promise(resolve => setTimeout(resolve, 5));
  }

  /** Publications `t0`, `t1`… */
  addMany(count: number): this {
    return this.add(...Array.from({ length: count }, (_, index) => ({ topic: `t${index}` })));
  }

  /** The broker acknowledges these, by their order of sending, or refuses them. Resolves with the next report. */
  acknowledge(indices: readonly number[], error?: Error): Promise<PublishResults> {
    const report = new Promise<PublishResults>(resolve => {
      this.#reported = resolve;
    });
    for (const index of indices) this.sent[index]?.done(error);
    return report;
  }
}
