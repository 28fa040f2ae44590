/**
 * A broker with the worker in front of it, as the reconciler sees them: it stores what it is sent in the
 * order of arrival, delivers to its subscriber in that order, and replays what it retains.
 *
 * Time is simulated: what is under way is a timer. A cut loses all that is under way in both directions, so
 * a publish may have been stored though its acknowledgement is lost.
 */

import type { Version } from '../../lib/core/version.ts';
import { BatchReader, BatchWriter } from '../../lib/protocol/batch.ts';
import type { FromBroker, Port, ToBroker } from '../../lib/protocol/messages.ts';
import { writeObservation } from '../../lib/protocol/observation.ts';
import { type RawPublication, readPublication } from '../../lib/protocol/publication.ts';

export interface SimBrokerOptions {
  readonly name: string;
  /** Whether it speaks MQTT 5: retain as published, and stamps. Else MQTT 3.1.1. */
  readonly mqtt5: boolean;
  /** Milliseconds from us to the broker, and the same back; 0 counts as 1, since fake timers reorder those of 0. */
  readonly latency: number;
}

export interface Stored {
  readonly payload: string;
  readonly stamp: Version | undefined;
  readonly own: boolean;
}

interface Delivered extends Stored {
  readonly topic: string;
  readonly retain: boolean;
  /** Sent because of the subscription, not because it was just published. */
  readonly replayed: boolean;
}

/** Milliseconds that the answer of a probe takes longer than a message. */
const PROBE_DELAY = 25;

export class SimBroker {
  readonly name: string;
  readonly mqtt5: boolean;
  latency: number;
  readonly retained = new Map<string, Stored>();
  /** Everything a subscriber of this broker would have seen, as `topic=payload`. */
  readonly seen: string[] = [];
  /** Topics that we may not publish: acknowledged and thrown away, as 3.1.1 brokers do. */
  readonly denied = new Set<string>();
  /** How many of the next deliveries to us are lost, as when a queue overflows. */
  dropping = 0;
  /** Publishes of ours that arrived. */
  received = 0;

  #receive: ((message: FromBroker) => void) | undefined;
  #session = 0;
  #connected = false;
  #subscribed = false;
  #replaying = false;
  #arrived = 0;
  #saved: ReadonlyMap<string, Stored> = new Map();

  constructor({ name, mqtt5, latency }: SimBrokerOptions) {
    this.name = name;
    this.mqtt5 = mqtt5;
    this.latency = latency;
  }

  /** Connected, and the replay is over. */
  get ready(): boolean {
    return this.#connected && !this.#replaying;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** The worker's end for a new reconciler. */
  port(): Port<ToBroker, FromBroker> {
    return {
      on: (_event, listener) => {
        this.#receive = listener;
      },
      postMessage: message => this.#command(message),
      close: () => {
        this.#receive = undefined;
      },
    };
  }

  // ── the network ────────────────────────────────────────────────────────────────────────────────────

  connect(): void {
    if (this.#connected) return;
    this.#connected = true;
    this.#replaying = true;
    const session = ++this.#session;
    this.#arrived = 0;
    this.#up(() => {
      const marker = this.retained.get(this.#markerTopic);
      this.#down(() => {
        const found = marker === undefined ? 'absent' : Number(marker.payload);
        this.#receive?.({ kind: 'session', session, stamps: this.mqtt5, retains: true, marker: found });
        this.#up(() => this.#subscribe());
      });
    });
  }

  #subscribe(): void {
    this.#subscribed = true;
    for (const [topic, stored] of this.retained)
      this.#deliver({ ...stored, topic, retain: true, replayed: true });
    this.#down(() => {
      this.#replaying = false;
      this.#receive?.({ kind: 'replayed', stamps: this.mqtt5 });
    });
  }

  get #markerTopic(): string {
    return `mqttrep/sim/marker/${this.name}`;
  }

  cut(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#subscribed = false;
    this.#session++;
    this.#receive?.({ kind: 'parted' });
  }

  #up(action: () => void): void {
    this.#later(action);
  }

  #down(action: () => void): void {
    this.#later(action);
  }

  #later(action: () => void, delay = this.latency): void {
    const session = this.#session;
    setTimeout(
      () => {
        if (session === this.#session) action();
      },
      Math.max(1, delay),
    );
  }

  // ── clients of this broker ─────────────────────────────────────────────────────────────────────────

  /** A client publishes here, whether or not we are connected. */
  write(topic: string, payload: string, retain = true): void {
    this.#store({ topic, payload, stamp: undefined, own: false, retain, replayed: false });
  }

  wipe(): void {
    this.retained.clear();
  }

  /** Saves what it retains, as a broker does from time to time. */
  autosave(): void {
    this.#saved = new Map(this.retained);
  }

  /** Is killed, and comes back with what it saved last. */
  goBack(): void {
    this.retained.clear();
    for (const [topic, stored] of this.#saved) this.retained.set(topic, stored);
  }

  // ── the broker ─────────────────────────────────────────────────────────────────────────────────────

  #store(message: Delivered): void {
    const { topic, payload, retain } = message;
    if (retain && payload === '') this.retained.delete(topic);
    else if (retain) this.retained.set(topic, message);
    if (!topic.startsWith('mqttrep/')) this.seen.push(`${topic}=${payload}`);
    if (this.#subscribed) this.#deliver(message);
  }

  #deliver(message: Delivered): void {
    if (message.topic.startsWith('mqttrep/')) return;
    if (this.dropping > 0) {
      this.dropping--;
      return;
    }
    this.#down(() => this.#observe(message));
  }

  #observe({ topic, payload, stamp, own, retain, replayed }: Delivered): void {
    const writer = new BatchWriter();
    writeObservation(writer, {
      topic,
      payload: Buffer.from(payload),
      properties: this.mqtt5 ? '' : undefined,
      retained: this.mqtt5 ? retain : replayed || undefined,
      replay: this.mqtt5 ? this.#replaying : replayed,
      stamp: this.mqtt5 ? stamp : undefined,
      own: this.mqtt5 && own,
      expiry: Number.POSITIVE_INFINITY,
    });
    this.#receive?.({ kind: 'observations', batch: writer.take(), messages: 1 });
  }

  // ── what the reconciler says ───────────────────────────────────────────────────────────────────────

  #command(message: ToBroker): void {
    if (message.kind === 'start' || message.kind === 'credit' || message.session !== this.#session) return;
    if (message.kind === 'survey') {
      this.#down(() => this.#receive?.({ kind: 'surveyed' }));
      return;
    }
    if (message.kind === 'probe') {
      this.#up(() => {
        const answers = message.topics.map(topic => ({ topic, found: this.#found(topic) }));
        // They come over another connection, so messages can overtake them.
        this.#later(() => this.#receive?.({ kind: 'found', answers }), this.latency + PROBE_DELAY);
      });
      return;
    }
    const reader = new BatchReader(message.batch);
    while (!reader.done) {
      const publication = readPublication(reader);
      this.#up(() => this.#publish(publication));
    }
  }

  #publish({ topic, payload, version, retain, confirm }: RawPublication): void {
    if (!topic.startsWith('mqttrep/')) this.received++;
    if (!this.denied.has(topic)) {
      const stamp = this.mqtt5 ? version : undefined;
      this.#store({ topic, payload: payload.toString(), stamp, own: true, retain, replayed: false });
    }
    const through = ++this.#arrived;
    const confirmed = confirm ? [{ topic, version }] : [];
    this.#down(() =>
      this.#receive?.({ kind: 'settled', through, bytes: payload.length, confirmed, refused: [] }),
    );
  }

  #found(topic: string) {
    const stored = this.retained.get(topic);
    if (stored === undefined) return 'absent' as const;
    return {
      payload: stored.payload,
      properties: this.mqtt5 ? '' : undefined,
      stamp: this.mqtt5 ? stored.stamp : undefined,
      expiry: Number.POSITIVE_INFINITY,
    };
  }
}
