/**
 * The reconciler's end of the way to one broker: what may be sent there, what waits, what is awaited back.
 *
 * Never more than CREDIT publications, or about CREDIT_BYTES of payload, are on the way to the worker; the
 * topics beyond wait here by name, and their newest value is sent when their turn comes. So a slow broker
 * costs memory for topics, not for messages.
 */

import { BatchWriter } from '../protocol/batch.ts';
import type { FromBroker, Port, Settled, ToBroker } from '../protocol/messages.ts';
import { type Publication, writePublication } from '../protocol/publication.ts';
import { Blocks } from './blocks.ts';

export const CREDIT = 1_000;
export const CREDIT_BYTES = 16 * 1024 * 1024;

/** An echo is overdue when it has not come so many milliseconds after the publish was acknowledged. */
export const ECHO_LIMIT = 10_000;

/** Topics in one `probe` message. */
const PROBE_BATCH = 500;

interface Awaited {
  /** The newest publication of the topic, in the order of the session. */
  sequence: number;
  /** When we first saw that it had been settled, in milliseconds since 1970. */
  settledAt: number | undefined;
}

export class BrokerLink {
  readonly index: number;
  readonly name: string;
  readonly rank: number;
  readonly blocks = new Blocks();

  /** Connected, and its replay is over: it can be published to. */
  ready = false;
  stamps = false;
  /** Topics with something to be looked at for this broker, in the order in which they came up. */
  readonly due = new Set<string>();
  /** The topics that the current replay has shown, where that is needed for a comparison. */
  replayed: Set<string> | undefined;
  /** How often this broker has been ready. */
  visits = 0;

  #port: Port<ToBroker, FromBroker> | undefined;
  /** It was connected before, so there is something to compare a replay with. */
  #known = false;
  #session = 0;
  #sent = 0;
  #through = 0;
  #bytes = 0;
  readonly #writer = new BatchWriter();
  readonly #awaited = new Map<string, Awaited>();
  /** Topics that a probe is asking for, and whether its answer will be void because it is to be asked again. */
  readonly #probing = new Map<string, 'asked' | 'ask again'>();
  #toProbe: string[] = [];

  constructor(index: number, name: string, rank: number) {
    this.index = index;
    this.name = name;
    this.rank = rank;
  }

  attach(port: Port<ToBroker, FromBroker>, receive: (message: FromBroker) => void): void {
    this.#port?.close();
    this.#port = port;
    port.on('message', receive);
  }

  close(): void {
    this.#port?.close();
    this.#port = undefined;
  }

  sessionStarted(session: number, stamps: boolean): void {
    this.#session = session;
    this.#sent = 0;
    this.#through = 0;
    this.#bytes = 0;
    this.stamps = stamps;
    this.replayed = this.#known ? new Set() : undefined;
    this.#known = true;
  }

  /** The connection is gone. Returns the topics whose probes will not be answered. */
  parted(): string[] {
    const unanswered = [...this.#probing.keys()];
    this.ready = false;
    this.due.clear();
    this.#awaited.clear();
    this.#probing.clear();
    this.#toProbe = [];
    this.#writer.take();
    return unanswered;
  }

  /** Whether one more publication may be sent now. */
  get open(): boolean {
    return this.ready && this.#sent - this.#through < CREDIT && this.#bytes < CREDIT_BYTES;
  }

  /** Publications, or topics, that are not settled yet. */
  get busy(): boolean {
    return this.ready && (this.due.size > 0 || this.#sent > this.#through);
  }

  publish(publication: Publication): void {
    writePublication(this.#writer, publication);
    this.#sent++;
    this.#bytes += publication.payload.length;
    if (publication.confirm) return;
    this.#awaited.delete(publication.topic);
    this.#awaited.set(publication.topic, { sequence: this.#sent, settledAt: undefined });
  }

  /** Asks, or asks again, so that the answer tells what is so from now on. */
  probe(topic: string): void {
    const underWay = this.#probing.has(topic);
    this.#probing.set(topic, underWay ? 'ask again' : 'asked');
    if (!underWay) this.#toProbe.push(topic);
  }

  /** Takes note of an answer; returns whether it counts. */
  answered(topic: string): boolean {
    const again = this.#probing.get(topic) === 'ask again';
    this.#probing.delete(topic);
    if (again) this.probe(topic);
    return !again;
  }

  /** Sends what `publish` and `probe` have gathered. */
  flush(): void {
    if (this.#writer.records > 0) {
      const batch = this.#writer.take();
      this.#post({ kind: 'publications', session: this.#session, batch }, [batch]);
    }
    if (!this.ready) return;
    while (this.#toProbe.length > 0) {
      this.#post({ kind: 'probe', session: this.#session, topics: this.#toProbe.splice(0, PROBE_BATCH) });
    }
  }

  credit(batches: number): void {
    this.#post({ kind: 'credit', batches });
  }

  settled(message: Settled): void {
    this.#through = message.through;
    this.#bytes -= message.bytes;
  }

  /** Nothing of ours is on the way to the broker under this topic. */
  echoed(topic: string): void {
    this.#awaited.delete(topic);
  }

  /** Takes out the topics of which the echo is overdue. */
  overdue(now: number): string[] {
    const overdue: string[] = [];
    for (const [topic, awaited] of this.#awaited) {
      if (awaited.sequence > this.#through) break;
      awaited.settledAt ??= now;
      if (now - awaited.settledAt < ECHO_LIMIT) continue;
      this.#awaited.delete(topic);
      overdue.push(topic);
    }
    return overdue;
  }

  /** Whether anything here waits for time to pass. */
  get waiting(): boolean {
    return this.#awaited.size > 0 || this.blocks.size > 0;
  }

  #post(message: ToBroker, transfer: readonly ArrayBuffer[] = []): void {
    this.#port?.postMessage(message, transfer);
  }
}
