/**
 * What goes out: publications from the reconciler, as many at once as the broker takes, and the report of
 * what became of them. Lives as long as one connection; what is left when it ends is void, since the
 * reconciler sends anew what is lacking then.
 */

import type { QoS } from '../core/policy.ts';
import { BatchReader } from '../protocol/batch.ts';
import type { Settled, Settlement } from '../protocol/messages.ts';
import { unpackProperties } from '../protocol/properties.ts';
import { type RawPublication, readPublication } from '../protocol/publication.ts';
import type { Connection } from './connection.ts';
import type { RoundTrips } from './round-trips.ts';

/** Publishes not acknowledged at once, where the broker sets no lower limit (MQTT 5 Receive Maximum). */
const WINDOW = 256;

export interface OutboxDeps {
  readonly connection: Pick<Connection, 'publish' | 'protocolVersion'>;
  readonly replica: string;
  readonly maxQos: QoS;
  /** MQTT 5 Receive Maximum of the broker, if it gave one. */
  readonly receiveMaximum: number | undefined;
  readonly report: (settled: Settled) => void;
  readonly roundTrips: RoundTrips;
}

export class Outbox {
  published = 0;
  /** Of those published, the ones that the broker refused, or that could not be sent. */
  refused = 0;
  readonly #deps: OutboxDeps;
  readonly #window: number;
  readonly #waiting: BatchReader[] = [];
  readonly #inFlight = new Set<number>();
  #sequence = 0;
  #bytes = 0;
  #confirmed: Settlement[] = [];
  #refused: (Settlement & { reason: string })[] = [];
  #reporting = false;
  #closed = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#window = Math.max(1, Math.min(deps.receiveMaximum ?? WINDOW, WINDOW));
  }

  /** Takes a batch of publications. Bounded by the credit that the reconciler has. */
  add(batch: ArrayBuffer): void {
    this.#waiting.push(new BatchReader(batch));
    this.#send();
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#deps.roundTrips.parted();
  }

  #send(): void {
    while (!this.#closed && this.#inFlight.size < this.#window) {
      const reader = this.#waiting[0];
      if (reader === undefined) return;
      if (reader.done) this.#waiting.shift();
      else this.#publish(readPublication(reader));
    }
  }

  #publish(publication: RawPublication): void {
    const sequence = ++this.#sequence;
    this.#inFlight.add(sequence);
    const { connection, replica, maxQos, roundTrips } = this.#deps;
    const { topic, payload, version, properties, expiresAt, retain } = publication;
    const options = { qos: Math.min(publication.qos, maxQos) as QoS, retain };
    // With QoS 0 nothing comes back.
    if (options.qos > 0) roundTrips.sent(publication);
    const settled = (error?: Error) => this.#settled(sequence, publication, error);
    if (connection.protocolVersion < 5) {
      connection.publish(topic, payload, options, settled);
      return;
    }
    const stamped = unpackProperties(properties ?? '', { version, sender: replica }, secondsLeft(expiresAt));
    connection.publish(topic, payload, { ...options, properties: stamped }, settled);
  }

  #settled(sequence: number, publication: RawPublication, error: Error | undefined): void {
    if (this.#closed) return;
    const { topic, version, payload, confirm } = publication;
    this.#deps.roundTrips.acknowledged(publication);
    this.published++;
    if (error !== undefined) this.refused++;
    this.#inFlight.delete(sequence);
    this.#bytes += payload.length;
    if (error !== undefined) this.#refused.push({ topic, version, reason: error.message });
    else if (confirm) this.#confirmed.push({ topic, version });
    if (!this.#reporting) {
      this.#reporting = true;
      setImmediate(() => this.#report());
    }
    this.#send();
  }

  #report(): void {
    this.#reporting = false;
    if (this.#closed) return;
    const [oldest] = this.#inFlight;
    this.#deps.report({
      kind: 'settled',
      through: oldest === undefined ? this.#sequence : oldest - 1,
      bytes: this.#bytes,
      confirmed: this.#confirmed,
      refused: this.#refused,
    });
    this.#bytes = 0;
    this.#confirmed = [];
    this.#refused = [];
  }
}

/** MQTT 5 message expiry is in whole seconds; what has less than one left still gets one. */
function secondsLeft(expiresAt: number): number | undefined {
  if (expiresAt === Number.POSITIVE_INFINITY) return undefined;
  return Math.max(1, Math.ceil((expiresAt - Date.now()) / 1000));
}
