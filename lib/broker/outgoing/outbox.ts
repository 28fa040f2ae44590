/**
 * What goes out: publications from the reconciler, as many at once as the broker takes, and the report of
 * what became of them. Lives as long as one connection; what is left when it ends is void, since the
 * reconciler sends anew what is lacking then.
 */

import { isReplicable } from '../../core/filter.ts';
import type { QoS } from '../../core/policy.ts';
import { BatchReader } from '../../protocol/batch.ts';
import type { PublicationId, PublishResults, Refusal } from '../../protocol/messages.ts';
import { publicationBytes, type RawPublication, readPublication } from '../../protocol/publication.ts';
import type { Stamps } from '../../protocol/stamps.ts';
import { BatchTimer } from '../timing/batch-timer.ts';
import type { Connection } from '../connection/connection.ts';
import type { Limits } from '../connection/limits.ts';
import { verdictOf } from './denial.ts';
import { Fence } from './fence.ts';
import type { Hangups, PublishFailure, Sent } from './hangups.ts';
import { packetOf } from './outgoing-packet.ts';
import { type OverduePublishes, PubackWatchdog } from './puback-watchdog.ts';
import type { QuarantinePublisher } from './quarantine-publisher.ts';
import { RecentlyAcknowledged } from './recently-acknowledged.ts';
import type { RoundTrips } from './round-trips.ts';

/** Publishes not acknowledged at once, where the broker sets no lower limit. */
const WINDOW = 256;

export interface OutboxDeps {
  readonly connection: Pick<
    Connection,
    'publish' | 'unsubscribe' | 'protocolVersion' | 'hasEnded' | 'isWriting'
  >;
  readonly stamps: Pick<Stamps, 'sender'>;
  /** With what topics begin that are mqttrep's own. */
  readonly controlPrefix: string;
  readonly limits: Pick<Limits, 'maxQos' | 'retains' | 'receiveMaximum' | 'maximumPacketSize'>;
  readonly hangups: Pick<Hangups, 'acknowledged' | 'routeOf' | 'refusalOf' | 'sizeLimit' | 'taken'>;
  /** Beside the connection. */
  readonly quarantinePublisher: Pick<QuarantinePublisher, 'accepts' | 'take'>;
  readonly report: (settled: PublishResults) => void;
  /** The broker does not acknowledge these topics, and will not on this connection. */
  readonly overdue: (topics: readonly string[]) => void;
  readonly roundTrips: RoundTrips;
}

/**
 * A publication with its number in the order in which the reconciler sent them. What comes back from a trial counts as
 * settled in that order, and has a negative number.
 */
interface Numbered {
  readonly sequence: number;
  readonly publication: RawPublication;
}

interface InFlight extends Sent, OverduePublishes {}

/** What was done to publications, as the broker's limits want it. */
type OutboxCounters = Record<
  | 'published'
  | 'published_own'
  | 'lowered_qos'
  | 'published_unretained'
  | 'refused_by_broker'
  | 'refused_by_topic'
  | 'refused_too_large'
  | 'refused_malformed'
  | 'quarantined',
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
    quarantined: 0,
  };
  readonly #deps: OutboxDeps;
  readonly #window: number;
  readonly #waiting: BatchReader[] = [];
  /** What a trial gave back, to go before all that waits. */
  readonly #returned: Numbered[] = [];
  #returns = 0;
  /** Where there are no trials: in quarantine, so it waits until nothing else does, and goes alone. */
  readonly #last: Numbered[] = [];
  #isAlone = false;
  readonly #recentlyAcknowledged = new RecentlyAcknowledged();
  /** Under way, by their sequence. */
  readonly #inFlight = new Map<number, InFlight>();
  readonly #watch: PubackWatchdog<InFlight>;
  readonly #fence: Fence;
  #maxQos: QoS;
  #sequence = 0;
  #bytes = 0;
  #confirmed: PublicationId[] = [];
  #refused: Refusal[] = [];
  readonly #quarantined = new Set<string>();
  readonly #released = new Set<string>();
  readonly #batchTimer = new BatchTimer(() => this.#report());
  #closed = false;
  #finished: (() => void) | undefined;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#window = Math.max(1, Math.min(deps.limits.receiveMaximum, WINDOW));
    this.#maxQos = deps.limits.maxQos;
    this.#watch = new PubackWatchdog({
      publishesOverdue: () => this.#inFlight.values(),
      isWriting: () => deps.connection.isWriting,
      overdue: sent => deps.overdue(sent.map(({ topic }) => topic)),
    });
    this.#fence = new Fence({
      roundTrip: () => deps.connection.unsubscribe([`${deps.controlPrefix}/fence`]),
      hasEnded: () => deps.connection.hasEnded,
      overdue: () => deps.overdue([]),
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
    this.#clear();
    if (this.#inFlight.size === 0) return;
    await new Promise<void>(resolve => {
      this.#finished = resolve;
    });
  }

  close(): void {
    this.#closed = true;
    this.#batchTimer.cancel();
    this.#watch.close();
    this.#fence.close();
    this.#clear();
    this.#deps.roundTrips.parted();
  }

  /** On what the broker may have hung up, if it has: what it did not acknowledge, and what was settled just before. */
  get possibleCauses(): readonly Sent[] {
    return [...this.#inFlight.values(), ...this.#recentlyAcknowledged.within(performance.now())].filter(
      ({ topic }) => this.#isReplicable(topic),
    );
  }

  /** The only publication in flight is one in quarantine. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** A trial has settled a publication. */
  tried(publication: RawPublication, refusal: PublishFailure | undefined): void {
    if (this.#closed) return;
    this.counters.published++;
    if (refusal === undefined) this.#released.add(publication.topic);
    else if (refusal.scope !== 'value') this.counters.refused_by_broker++;
    else this.counters.refused_too_large++;
    this.#note(publication, refusal);
  }

  /** The broker took the topic in a trial: these of it are published before all that waits. */
  freed(topic: string, publications: readonly RawPublication[]): void {
    if (this.#closed) return;
    this.#released.add(topic);
    for (const publication of publications) this.#returned.push(this.#uncounted(publication));
    this.#batchTimer.request();
    this.#send();
  }

  /** They cannot be tried: each is published alone, after all others. */
  untried(publications: readonly RawPublication[]): void {
    if (this.#closed) return;
    for (const publication of publications) {
      this.#released.add(publication.topic);
      this.#last.push(this.#uncounted(publication));
    }
    this.#batchTimer.request();
    this.#send();
  }

  #send(): void {
    while (this.#isOpen && !this.#isAlone && this.#inFlight.size < this.#window) {
      const next = this.#next();
      if (next === undefined) break;
      this.#forward(next);
    }
    if (!this.#isOpen || this.#inFlight.size > 0) return;
    const last = this.#last.shift();
    if (last === undefined) return;
    this.#isAlone = true;
    this.#publish(last);
  }

  #forward(next: Numbered): void {
    const { publication } = next;
    const { topic, payload } = publication;
    const { hangups } = this.#deps;
    const now = performance.now();
    const refusal = hangups.refusalOf(topic, now);
    if (refusal !== undefined) {
      this.counters.refused_by_topic++;
      this.#refuse(next.sequence, publication, refusal);
      return;
    }
    const isTrial = hangups.routeOf(topic, now) === 'quarantine' && this.#isReplicable(topic);
    if (!isTrial) this.#publish(next);
    else if (!this.#deps.quarantinePublisher.accepts(payload.length)) this.#last.push(next);
    else {
      // Nothing else waits for a trial.
      this.#bytes += publicationBytes(publication);
      this.counters.quarantined++;
      this.#quarantined.add(topic);
      this.#released.delete(topic);
      this.#deps.quarantinePublisher.take(publication);
      this.#batchTimer.request();
    }
  }

  /** Control topics have their own place among the others, and are not tried beside them. */
  #isReplicable(topic: string): boolean {
    return isReplicable(topic, this.#deps.controlPrefix);
  }

  #uncounted(publication: RawPublication): Numbered {
    return { sequence: -++this.#returns, publication };
  }

  #clear(): void {
    this.#waiting.length = 0;
    this.#returned.length = 0;
    this.#last.length = 0;
  }

  get #isOpen(): boolean {
    return !this.#closed && !this.#deps.connection.hasEnded;
  }

  #next(): Numbered | undefined {
    const returned = this.#returned.shift();
    if (returned !== undefined) return returned;
    while (this.#waiting[0]?.done === true) this.#waiting.shift();
    const [reader] = this.#waiting;
    if (reader === undefined) return undefined;
    return { sequence: ++this.#sequence, publication: readPublication(reader) };
  }

  #publish({ sequence, publication }: Numbered): void {
    const { connection, limits, roundTrips, hangups, stamps } = this.#deps;
    const { topic, payload } = publication;
    const { protocolVersion } = connection;
    const { retains } = limits;
    const packet = packetOf(publication, { protocolVersion, maxQos: this.#maxQos, retains, stamps });
    const { qos, size, fault } = packet;
    if (fault !== undefined) {
      this.#refuseMalformed(sequence, publication, fault);
      return;
    }
    const maximumPacketSize = Math.min(limits.maximumPacketSize, hangups.sizeLimit(performance.now()));
    if (size > maximumPacketSize) {
      this.counters.refused_too_large++;
      const reason = `its packet has ${size} bytes, more than the ${maximumPacketSize} that the broker takes`;
      this.#refuse(sequence, publication, { reason, scope: 'value', isLogged: false });
      return;
    }
    this.#inFlight.set(sequence, { topic, size: qos === 0 ? 0 : size, qos, nth: this.#watch.sent() });
    // With QoS 0 nothing comes back.
    if (qos > 0) roundTrips.sent(publication);
    if (qos < publication.qos) this.counters.lowered_qos++;
    if (packet.retain !== publication.retain) this.counters.published_unretained++;
    const done = (error?: Error) => {
      // MQTT.js fails all that is under way when a connection ends: that is no answer of the broker.
      if (error !== undefined && connection.hasEnded) return;
      const settle = () => this.#settled(sequence, publication, error && this.#refusalBy(error, topic));
      // No echo will come, and no acknowledgement either.
      if (qos === 0 && publication.confirm && error === undefined) this.#fence.behind(settle);
      else settle();
    };
    try {
      connection.publish(topic, payload, packet.options, done);
    } catch (error) {
      this.#refuseMalformed(sequence, publication, (error as Error).message);
    }
  }

  #refuseMalformed(sequence: number, publication: RawPublication, reason: string): void {
    this.counters.refused_malformed++;
    this.#refuse(sequence, publication, { reason: `${reason}; this value is not sent`, scope: 'value' });
  }

  /** The broker's answer was no. */
  #refusalBy(error: Error, topic: string): PublishFailure {
    const verdict = verdictOf(error);
    return this.#isReplicable(topic) ? verdict : { ...verdict, scope: 'topic' };
  }

  /** What is not even sent: with the next turn of the event loop, as an answer would come. */
  #refuse(sequence: number, publication: RawPublication, why: PublishFailure): void {
    this.#inFlight.set(sequence, { topic: publication.topic, size: 0, qos: 0, nth: 0 });
    setImmediate(() => this.#settled(sequence, publication, why));
  }

  #settled(sequence: number, publication: RawPublication, refusal: PublishFailure | undefined): void {
    if (this.#closed || !this.#inFlight.has(sequence)) return;
    const { topic } = publication;
    this.#deps.roundTrips.acknowledged(publication);
    this.counters.published++;
    if (!this.#isReplicable(topic)) this.counters.published_own++;
    const sent = this.#inFlight.get(sequence);
    this.#inFlight.delete(sequence);
    if (sent !== undefined) this.#watch.acknowledged(sent);
    if (sequence > 0) this.#bytes += publicationBytes(publication);
    // What was not sent has a place in no order.
    const wasSent = sent !== undefined && sent.nth > 0;
    if (wasSent) this.#recentlyAcknowledged.note(sent, performance.now());
    if (wasSent && refusal !== undefined && refusal.scope !== 'value') this.counters.refused_by_broker++;
    if (refusal === undefined && sent !== undefined && sent.size > 0) this.#deps.hangups.acknowledged(sent);
    // Alone it has shown that the broker takes it.
    if (refusal === undefined && this.#isAlone) this.#deps.hangups.taken(topic);
    this.#isAlone = false;
    this.#note(publication, refusal);
    this.#send();
    if (this.#inFlight.size === 0) this.#finished?.();
  }

  #note({ topic, version, confirm, retain }: RawPublication, refusal: PublishFailure | undefined): void {
    if (refusal !== undefined)
      this.#refused.push({ topic, version, ...refusal, ...(retain ? {} : { isTransient: true }) });
    else if (confirm) this.#confirmed.push({ topic, version });
    this.#batchTimer.request();
  }

  #report(): void {
    const oldest = Math.min(firstCounted(this.#inFlight.keys()), firstCounted(sequencesOf(this.#last)));
    this.#deps.report({
      kind: 'publish-results',
      through: Math.min(this.#sequence, oldest - 1),
      bytes: this.#bytes,
      confirmed: this.#confirmed,
      refused: this.#refused,
      quarantined: [...this.#quarantined],
      released: [...this.#released],
    });
    this.#bytes = 0;
    this.#confirmed = [];
    this.#refused = [];
    this.#quarantined.clear();
    this.#released.clear();
  }
}

/** The first number that is not negative; Infinity where there is none. */
function firstCounted(sequences: Iterable<number>): number {
  for (const sequence of sequences) if (sequence > 0) return sequence;
  return Number.POSITIVE_INFINITY;
}

function* sequencesOf(numbered: readonly Numbered[]): Generator<number> {
  for (const { sequence } of numbered) yield sequence;
}
