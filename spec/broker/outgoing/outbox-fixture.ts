/** An outbox with its publications, and the acknowledgements of its broker. */

import { Outbox } from '../../../lib/broker/outgoing/outbox.ts';
import { RoundTrips } from '../../../lib/broker/outgoing/round-trips.ts';
import type { PublishResults } from '../../../lib/protocol/messages.ts';
import type { RawPublication } from '../../../lib/protocol/publication.ts';
import { Stamps } from '../../../lib/protocol/stamps.ts';
import { type PublicationParts, packedPublications } from '../../support/publications.ts';

export const WINDOW = 256;
export const VERSION = { time: 36, counter: 1, replica: 'other' };

interface Sent {
  readonly topic: string;
  readonly payload: string;
  readonly options: Record<string, unknown>;
  readonly done: (error?: Error) => void;
}

/** The identity under which it publishes. */
export const US = new Stamps('us', 'secret');

export class Fixture {
  readonly sent: Sent[] = [];
  readonly reports: PublishResults[] = [];
  readonly outbox: Outbox;
  #reported: (results: PublishResults) => void = () => undefined;

  readonly acknowledged: number[] = [];
  readonly overdue: (readonly string[])[] = [];
  /** The filters of each UNSUBSCRIBE. */
  readonly fences: string[] = [];
  #pass: () => void = () => undefined;
  hasEnded = false;
  /** Topics on which MQTT.js throws. */
  readonly throwsAt = new Set<string>();
  /** Topics in quarantine, and those that are barred. */
  readonly quarantined = new Set<string>();
  readonly barred = new Set<string>();
  /** The publications in quarantine, and whether there is a side connection. */
  readonly inQuarantine: RawPublication[] = [];
  hasSideConnection = true;

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
        accepts: () => this.hasSideConnection,
        take: publication => this.inQuarantine.push(publication),
      },
      report: results => {
        this.reports.push(results);
        this.#reported(results);
      },
      overdue: topics => this.overdue.push(topics),
      roundTrips: new RoundTrips(),
      controlPrefix: 'mqttrep',
    });
  }

  add(...publications: readonly PublicationParts[]): this {
    this.outbox.add(packedPublications(publications.map(one => ({ version: VERSION, ...one }))));
    return this;
  }

  /** The broker answers the last UNSUBSCRIBE. */
  async passFence(): Promise<void> {
    this.#pass();
    // Time for the answer, and for its report.
    await new Promise(resolve => setTimeout(resolve, 5));
  }

  /** Publications `t0`, `t1`… */
  addMany(count: number): this {
    return this.add(...Array.from({ length: count }, (_, index) => ({ topic: `t${index}` })));
  }

  /** The broker acknowledges these publishes, by their order of sending, or refuses them. Resolves with the next report. */
  acknowledge(indices: readonly number[], error?: Error): Promise<PublishResults> {
    const report = new Promise<PublishResults>(resolve => {
      this.#reported = resolve;
    });
    for (const index of indices) this.sent[index]?.done(error);
    return report;
  }
}
