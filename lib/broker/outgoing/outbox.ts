/**
 * What goes out: publications of the reconciler, as many at once as the broker accepts, and the report of their results. Lives
 * as long as one session. At its end the rest is void: the reconciler sends again what the broker lacks then.
 */

import { isReplicable } from '../../core/filter.ts';
import type { QoS } from '../../core/policy.ts';
import type { PublishResults } from '../../protocol/messages.ts';
import type { RawPublication } from '../../protocol/publication.ts';
import type { PublishFailure, Sent } from './hangups.ts';
import { InFlight, wasSent } from './in-flight.ts';
import { type Numbered, NumberedQueue } from './numbered-queue.ts';
import { countCompleted, countQuarantined, outboxCounters } from './outbox-counters.ts';
import type { OutboxDeps } from './outbox-deps.ts';
import { PacketSender } from './packet-sender.ts';
import { ResultBatch } from './result-batch.ts';

/** Publishes in flight at once, if the broker sets no lower limit. */
const MAX_IN_FLIGHT = 256;

export class Outbox {
  readonly counters = outboxCounters();
  readonly #deps: OutboxDeps;
  readonly #maxInFlight: number;
  readonly #queue = new NumberedQueue();
  readonly #results = new ResultBatch(() => this.#deps.report(this.#take()));
  readonly #inFlight: InFlight;
  readonly #sender: PacketSender;
  #isAlone = false;
  #isClosed = false;
  #finished: (() => void) | undefined;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#maxInFlight = Math.max(1, Math.min(deps.limits.receiveMaximum, MAX_IN_FLIGHT));
    this.#inFlight = new InFlight({
      isWriting: () => deps.connection.isWriting,
      overdue: deps.overdue,
    });
    this.#sender = new PacketSender({
      ...deps,
      counters: this.counters,
      inFlight: this.#inFlight,
      completed: (sequence, publication, failure) => this.#completed(sequence, publication, failure),
    });
  }

  /** From now on nothing is published with a higher QoS. */
  lowerQos(maxQos: QoS): void {
    this.#sender.lowerQos(maxQos);
  }

  /** Takes a batch of publications. */
  add(batch: ArrayBuffer): void {
    this.#queue.add(batch);
    this.#publishWaiting();
  }

  /** Drops the waiting publications. Resolves when all publishes in flight are completed. */
  finish(): Promise<void> {
    this.#queue.clear();
    return this.drained();
  }

  /** Resolves when all publications are completed, the waiting ones too. */
  async drained(): Promise<void> {
    if (this.#inFlight.size === 0) return;
    await new Promise<void>(resolve => {
      this.#finished = resolve;
    });
  }

  /** Takes what waits to be reported; undefined if nothing does. */
  takeResults(): PublishResults | undefined {
    return this.#results.isWaiting ? this.#take() : undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#results.close();
    this.#inFlight.close();
    this.#deps.pace?.forget(this.#publishWaiting);
    this.#sender.close();
    this.#queue.clear();
    this.#deps.roundTrips.disconnected();
  }

  /** The possible causes if the broker has just hung up: unacknowledged publishes, and those acknowledged just before. */
  get possibleCauses(): readonly Sent[] {
    return this.#inFlight.recent.filter(({ topic }) => this.#isReplicable(topic));
  }

  /** The only publish in flight is one of a topic in quarantine. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** Quarantine has completed a publication. */
  completedInQuarantine(publication: RawPublication, failure: PublishFailure | undefined): void {
    if (this.#isClosed) return;
    countQuarantined(this.counters, failure);
    if (failure === undefined) this.#results.released(publication.topic);
    this.#results.completed(publication, failure);
  }

  /** The broker accepted the topic in quarantine: its other publications come before all that wait. */
  freed(topic: string, publications: readonly RawPublication[]): void {
    if (this.#isClosed) return;
    this.#results.released(topic);
    this.#queue.addReturned(publications);
    this.#publishWaiting();
  }

  /** Quarantine has no connection: each publication is sent alone, after all others. */
  returned(publications: readonly RawPublication[]): void {
    if (this.#isClosed) return;
    for (const { topic } of publications) this.#results.released(topic);
    this.#queue.addAlone(publications);
    this.#publishWaiting();
  }

  /** Publishes what waits, as far as the broker may get more at once. */
  readonly #publishWaiting = (): void => {
    while (this.#isOpen && !this.#isAlone && this.#inFlight.size < this.#maxInFlight) {
      if (!this.#mayPublish) return;
      const next = this.#queue.next();
      if (next === undefined) break;
      this.#publishOrQuarantine(next);
    }
    if (!this.#isOpen || this.#inFlight.size > 0 || !this.#mayPublish) return;
    const alone = this.#queue.nextAlone();
    if (alone === undefined) return;
    this.#isAlone = true;
    this.#sender.send(alone);
  };

  /** If not, `#publishWaiting` is called when the rate permits a publish. */
  get #mayPublish(): boolean {
    const { pace } = this.#deps;
    return pace === undefined || this.#queue.isEmpty || pace.mayPublish(this.#publishWaiting);
  }

  #publishOrQuarantine(next: Numbered): void {
    const { publication, sequence } = next;
    const { topic, payload } = publication;
    const { hangups, quarantinePublisher } = this.#deps;
    const now = performance.now();
    const failure = hangups.refusalOf(topic, now);
    if (failure !== undefined) {
      this.counters.refused_by_topic++;
      this.#sender.refuse(sequence, publication, failure);
      return;
    }
    // Control topics keep their place among the others.
    const isQuarantined = hangups.routeOf(topic, now) === 'quarantine' && this.#isReplicable(topic);
    if (!isQuarantined) this.#sender.send(next);
    else if (!quarantinePublisher.accepts(payload.length)) this.#queue.postpone(next);
    else {
      // Other publications do not wait for quarantine.
      this.#results.returnCredit(publication);
      this.#results.quarantined(topic);
      this.counters.quarantined++;
      quarantinePublisher.take(publication);
    }
  }

  #isReplicable(topic: string): boolean {
    return isReplicable(topic, this.#deps.controlPrefix);
  }

  get #isOpen(): boolean {
    return !this.#isClosed && !this.#deps.connection.hasEnded;
  }

  #completed(sequence: number, publication: RawPublication, failure: PublishFailure | undefined): void {
    if (this.#isClosed) return;
    const sent = this.#inFlight.complete(sequence);
    if (sent === undefined) return;
    const { topic } = publication;
    this.#deps.roundTrips.acknowledged(publication);
    const isOwn = !this.#isReplicable(topic);
    countCompleted(this.counters, failure, { isOwn, wasSent: wasSent(sent) });
    if (sequence > 0) this.#results.returnCredit(publication);
    if (failure === undefined && sent.size > 0) this.#deps.hangups.acknowledged(sent);
    // Alone, it has shown that the broker accepts it.
    if (failure === undefined && this.#isAlone) this.#deps.hangups.accepted(topic);
    this.#isAlone = false;
    this.#results.completed(publication, failure);
    this.#publishWaiting();
    if (this.#inFlight.size === 0) this.#finished?.();
  }

  #take(): PublishResults {
    const oldest = Math.min(this.#inFlight.first, this.#queue.firstAlone);
    return this.#results.take(Math.min(this.#queue.sequence, oldest - 1));
  }
}
