/**
 * What goes out: publications from the reconciler, as many at once as the broker takes, and the report of
 * what became of them. Lives as long as one connection; what is left when it ends is void, since the
 * reconciler sends anew what is lacking then.
 */

import { isReplicable } from '../../core/filter.ts';
import type { QoS } from '../../core/policy.ts';
import { BatchReader } from '../../protocol/batch.ts';
import type { Refusal, Settled, Settlement } from '../../protocol/messages.ts';
import type { MessageProperties } from '../../protocol/properties.ts';
import { type RawPublication, readPublication } from '../../protocol/publication.ts';
import type { Stamps } from '../../protocol/stamps.ts';
import type { Connection } from '../connection/connection.ts';
import type { Limits } from '../connection/limits.ts';
import { packetSize } from '../connection/packet-size.ts';
import { Pace } from '../pace.ts';
import { AnswerWatch, type Unanswered } from './answer-watch.ts';
import { prepared } from './prepared.ts';
import type { RoundTrips } from './round-trips.ts';
import type { Sent, Suspicions } from './suspicions.ts';

/** Publishes not acknowledged at once, where the broker sets no lower limit. */
const WINDOW = 256;

export interface OutboxDeps {
  readonly connection: Pick<Connection, 'publish' | 'protocolVersion' | 'hasEnded' | 'isWriting'>;
  readonly stamps: Pick<Stamps, 'sender'>;
  /** With what topics begin that are mqttrep's own. */
  readonly controlPrefix: string;
  readonly limits: Pick<Limits, 'maxQos' | 'retains' | 'receiveMaximum' | 'maximumPacketSize'>;
  readonly suspicions: Pick<Suspicions, 'acknowledged' | 'isSuspect' | 'isConvicted'>;
  readonly report: (settled: Settled) => void;
  /** The broker does not acknowledge so many, and will not on this connection. */
  readonly overdue: (count: number) => void;
  readonly roundTrips: RoundTrips;
}

/** A publication with its number in the order in which the reconciler sent them. */
interface Numbered {
  readonly sequence: number;
  readonly publication: RawPublication;
}

interface InFlight extends Sent, Unanswered {}

/** What was done to publications, as the broker's limits want it. */
type OutboxCounters = Record<
  | 'published'
  | 'published_own'
  | 'lowered_qos'
  | 'published_unretained'
  | 'refused_by_broker'
  | 'refused_by_topic'
  | 'refused_too_large'
  | 'refused_malformed',
  number
>;

export class Outbox {
  readonly counters: OutboxCounters = {
    published: 0,
    published_own: 0,
    lowered_qos: 0,
    published_unretained: 0,
    refused_by_broker: 0,
    refused_by_topic: 0,
    refused_too_large: 0,
    refused_malformed: 0,
  };
  readonly #deps: OutboxDeps;
  readonly #window: number;
  readonly #waiting: BatchReader[] = [];
  /** What the broker is suspected of hanging up on: it waits until nothing else does, and goes alone. */
  readonly #suspects: Numbered[] = [];
  #isAlone = false;
  /** Under way, by their sequence. */
  readonly #inFlight = new Map<number, InFlight>();
  readonly #watch: AnswerWatch;
  #maxQos: QoS;
  #sequence = 0;
  #bytes = 0;
  #confirmed: Settlement[] = [];
  #refused: Refusal[] = [];
  readonly #pace = new Pace(() => this.#report());
  #closed = false;
  #finished: (() => void) | undefined;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#window = Math.max(1, Math.min(deps.limits.receiveMaximum, WINDOW));
    this.#maxQos = deps.limits.maxQos;
    this.#watch = new AnswerWatch({
      unanswered: () => this.#inFlight.values(),
      isWriting: () => deps.connection.isWriting,
      overdue: deps.overdue,
    });
  }

  /** From now on nothing is published with a higher QoS. */
  lowerQos(maxQos: QoS): void {
    if (maxQos < this.#maxQos) this.#maxQos = maxQos;
  }

  /** Takes a batch of publications. Bounded by the credit that the reconciler has. */
  add(batch: ArrayBuffer): void {
    this.#waiting.push(new BatchReader(batch));
    this.#send();
  }

  /** Begins no more; resolves when all that is on its way to the broker is settled. */
  async finish(): Promise<void> {
    this.#waiting.length = 0;
    this.#suspects.length = 0;
    if (this.#inFlight.size === 0) return;
    await new Promise<void>(resolve => {
      this.#finished = resolve;
    });
  }

  close(): void {
    this.#closed = true;
    this.#pace.cancel();
    this.#watch.close();
    this.#waiting.length = 0;
    this.#suspects.length = 0;
    this.#deps.roundTrips.parted();
  }

  /** What the broker has not acknowledged; of use when it has hung up. */
  get unacknowledged(): readonly Sent[] {
    return [...this.#inFlight.values()];
  }

  #send(): void {
    while (this.#isOpen && !this.#isAlone && this.#inFlight.size < this.#window) {
      const next = this.#next();
      if (next === undefined) break;
      if (!this.#deps.suspicions.isSuspect(next.publication.topic)) this.#publish(next);
      else this.#suspects.push(next);
    }
    if (!this.#isOpen || this.#inFlight.size > 0) return;
    const suspect = this.#suspects.shift();
    if (suspect === undefined) return;
    this.#isAlone = true;
    this.#publish(suspect);
  }

  get #isOpen(): boolean {
    return !this.#closed && !this.#deps.connection.hasEnded;
  }

  #next(): Numbered | undefined {
    while (this.#waiting[0]?.done === true) this.#waiting.shift();
    const [reader] = this.#waiting;
    if (reader === undefined) return undefined;
    return { sequence: ++this.#sequence, publication: readPublication(reader) };
  }

  #publish({ sequence, publication }: Numbered): void {
    const { connection, limits, roundTrips, suspicions } = this.#deps;
    const { topic, payload } = publication;
    const qos = Math.min(publication.qos, this.#maxQos) as QoS;
    const retain = publication.retain && limits.retains;
    if (suspicions.isConvicted(topic, performance.now())) {
      this.counters.refused_by_topic++;
      this.#refuse(sequence, publication, { reason: 'the broker hangs up on it', culprit: 'topic' });
      return;
    }
    const stamps = connection.protocolVersion < 5 ? undefined : this.#deps.stamps;
    const { properties, fault } = prepared(publication, stamps);
    if (fault !== undefined) {
      this.#refuseMalformed(sequence, publication, fault);
      return;
    }
    const size = packetSize({ topic, payload, qos, properties });
    if (size > limits.maximumPacketSize) {
      this.counters.refused_too_large++;
      const reason = `its packet has ${size} bytes, more than the ${limits.maximumPacketSize} that the broker takes`;
      this.#refuse(sequence, publication, { reason, culprit: 'value' });
      return;
    }
    this.#inFlight.set(sequence, { topic, size: qos === 0 ? 0 : size, qos, nth: this.#watch.sent() });
    // With QoS 0 nothing comes back.
    if (qos > 0) roundTrips.sent(publication);
    if (qos < publication.qos) this.counters.lowered_qos++;
    if (retain !== publication.retain) this.counters.published_unretained++;
    const done = (error?: Error) => {
      // MQTT.js fails all that is under way when a connection ends: that is no answer of the broker.
      if (error !== undefined && connection.hasEnded) return;
      const refusal = error && ({ reason: error.message, culprit: 'topic' } as const);
      this.#settled(sequence, publication, refusal);
    };
    try {
      // MQTT.js writes lists of user properties as well, though its types have none.
      const options = { qos, retain, ...(properties && { properties: properties as MessageProperties }) };
      connection.publish(topic, payload, options, done);
    } catch (error) {
      this.#refuseMalformed(sequence, publication, (error as Error).message);
    }
  }

  #refuseMalformed(sequence: number, publication: RawPublication, reason: string): void {
    this.counters.refused_malformed++;
    this.#refuse(sequence, publication, { reason: `${reason}; this value is not sent`, culprit: 'value' });
  }

  /** What is not even sent: with the next turn of the event loop, as an answer would come. */
  #refuse(sequence: number, publication: RawPublication, why: Pick<Refusal, 'reason' | 'culprit'>): void {
    this.#inFlight.set(sequence, { topic: publication.topic, size: 0, qos: 0, nth: 0 });
    setImmediate(() => this.#settled(sequence, publication, why));
  }

  #settled(
    sequence: number,
    publication: RawPublication,
    refusal: Pick<Refusal, 'reason' | 'culprit'> | undefined,
  ): void {
    if (this.#closed || !this.#inFlight.has(sequence)) return;
    const { topic, version, payload, confirm } = publication;
    this.#deps.roundTrips.acknowledged(publication);
    this.counters.published++;
    if (!isReplicable(topic, this.#deps.controlPrefix)) this.counters.published_own++;
    if (refusal?.culprit === 'topic') this.counters.refused_by_broker++;
    const sent = this.#inFlight.get(sequence);
    this.#inFlight.delete(sequence);
    if (sent !== undefined) this.#watch.acknowledged(sent);
    this.#isAlone = false;
    this.#bytes += payload.length;
    if (refusal === undefined && sent !== undefined && sent.size > 0)
      this.#deps.suspicions.acknowledged(sent);
    if (refusal !== undefined) {
      this.#refused.push({ topic, version, ...refusal });
    } else if (confirm) this.#confirmed.push({ topic, version });
    this.#pace.request();
    this.#send();
    if (this.#inFlight.size === 0) this.#finished?.();
  }

  #report(): void {
    const [inFlight = Number.POSITIVE_INFINITY] = this.#inFlight.keys();
    const oldest = Math.min(inFlight, this.#suspects[0]?.sequence ?? Number.POSITIVE_INFINITY);
    this.#deps.report({
      kind: 'settled',
      through: Math.min(this.#sequence, oldest - 1),
      bytes: this.#bytes,
      confirmed: this.#confirmed,
      refused: this.#refused,
    });
    this.#bytes = 0;
    this.#confirmed = [];
    this.#refused = [];
  }
}
