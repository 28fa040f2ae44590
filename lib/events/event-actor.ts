/**
 * The event actor: takes the events that brokers deliver into the log, and delivers them to the other brokers.
 *
 * It is to events what the reconciler is to state, and knows nothing of registers. All I/O is behind its parts, so that a
 * simulator can play every fault.
 */

import { CONTROL_PREFIX } from '../protocol/control-topics.ts';
import type { EventMeasures, EventResponses } from '../protocol/event-messages.ts';
import type { EventSettings } from '../protocol/event-settings.ts';
import type { Log } from '../protocol/messages.ts';
import type { BrokerPlace } from '../protocol/settings.ts';
import type { Files } from '../store/files.ts';
import { BrokerEvents, type EventPort } from './broker-events.ts';
import type { EventClock } from './event-clock.ts';
import { EventCommitter } from './event-committer.ts';
import { EventPolicies } from './event-policies.ts';
import { EventTail } from './event-tail.ts';
import type { EventRecord, LoggedEvent } from './ledger/event-record.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { EventLog } from './log/event-log.ts';
import { LogFaults } from './log-faults.ts';
import { QueueBound } from './queue-bound.ts';

export interface EventActorParts {
  readonly brokers: readonly BrokerPlace[];
  readonly settings: EventSettings;
  readonly log: EventLog;
  readonly ledger: Ledger;
  readonly files: Files;
  readonly clock: EventClock;
  readonly say: Log;
  /** Drawn at random for each process. */
  readonly firstNonce: number;
  /** Segments that were damaged at the start. */
  readonly damaged: number;
  /** The actor is at fault and cannot go on. */
  readonly fail: (error: Error) => void;
}

export class EventActor {
  readonly #parts: EventActorParts;
  readonly #tail: EventTail;
  readonly #committer: EventCommitter;
  readonly #queue: QueueBound;
  readonly #brokers: BrokerEvents[] = [];
  #places: readonly BrokerPlace[];
  #settings: EventSettings;
  #policies: EventPolicies;
  readonly #faults: LogFaults;
  /** Of the brokers, by index; undefined if they may have changed. */
  #ids: readonly string[] | undefined;
  #isStopped = false;

  constructor(parts: EventActorParts) {
    this.#parts = parts;
    this.#places = parts.brokers;
    this.#settings = parts.settings;
    this.#policies = policiesOf(parts.settings, parts.brokers.length);
    this.#faults = new LogFaults({
      ...parts,
      readAgain: () => {
        for (const { destination } of this.#brokers) destination.pump();
      },
    });
    this.#tail = new EventTail(parts.ledger.nextSeq);
    this.#committer = new EventCommitter(parts, parts.settings.queue.sync, {
      makeRoom: () => this.#queue.makeRoom(),
      began: () => this.#commitBegan(),
      ended: commit => this.#commitEnded(commit),
      idle: commit => {
        for (const broker of this.#brokers) broker.commitEnded(commit);
      },
      tidy: () => this.#tidy(),
      fail: parts.fail,
    });
    this.#queue = new QueueBound(
      {
        log: parts.log,
        files: parts.files,
        clock: parts.clock,
        names: () => parts.ledger.names,
        policies: () => this.#policies,
        destinations: () => this.#destinations(),
        append: record => this.#committer.append(record),
      },
      parts.settings.queue,
    );
    for (const index of parts.brokers.keys()) this.#add(index);
  }

  get measures(): EventMeasures {
    const now = this.#parts.clock.now();
    return {
      brokers: this.#present().map(broker => broker.measures(now)),
      logBytes: this.#parts.log.bytes,
      commitFailures: this.#committer.failures,
      damagedSegments: this.#faults.damaged,
    };
  }

  attach(index: number, port: EventPort): void {
    this.#brokers[index]?.attach(port);
  }

  /** Continues with these settings and brokers. Known brokers keep their indexes. */
  configure(settings: EventSettings, places: readonly BrokerPlace[]): void {
    const { ledger, log } = this.#parts;
    this.#settings = settings;
    this.#policies = policiesOf(settings, places.length);
    this.#queue.settings = settings.queue;
    this.#committer.sync = settings.queue.sync;
    const before = this.#places.length;
    this.#places = places;
    if (places.length > before) {
      ledger.useBrokers(places.map(({ name }) => name));
      log.roll();
      for (let index = before; index < places.length; index++) this.#add(index);
    }
    for (const [index, { isRemoved }] of places.entries()) if (isRemoved) void this.#brokers[index]?.close();
    this.#committer.kick();
  }

  /**
   * Removes the session at a broker, and all that is known of the broker. The broker gets no event until it is attached again.
   * @returns null if there is no such broker
   */
  async forget(name: string): Promise<EventResponses['forget']> {
    const index = this.#places.findIndex(place => place.name === name && !place.isRemoved);
    const broker = this.#brokers[index];
    if (broker === undefined) return null;
    const isSessionRemoved = await broker.forget();
    const { messages } = broker.destination.queued;
    await broker.close();
    this.#committer.append({
      kind: 'drop',
      broker: index,
      through: this.#parts.ledger.nextSeq - 1,
      reason: 'forgotten',
      messages,
    });
    this.#add(index);
    this.#committer.kick();
    return { events: messages, isSessionRemoved };
  }

  /** Stores what is known, and ends. Once. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const broker of this.#brokers) broker.destination.recordDone();
    await Promise.all(this.#brokers.map(broker => broker.close()));
    try {
      await this.#committer.close();
    } finally {
      await this.#parts.log.close();
    }
  }

  #add(index: number): void {
    const { ledger, log, clock, say, firstNonce } = this.#parts;
    const name = this.#places[index]?.name ?? '';
    this.#ids = undefined;
    this.#brokers[index] = new BrokerEvents({
      broker: index,
      name,
      node: ledger.node,
      eventLog: log,
      tail: this.#tail,
      clock,
      say,
      firstNonce,
      names: () => ledger.names,
      policies: () => this.#policies,
      ledgerOf: () => ledger.broker(index),
      ids: () => this.#brokerIds(),
      nextSeq: () => ledger.nextSeq,
      hops: () => this.#settings.hops,
      isFull: () => this.#queue.isFull,
      logEvent: event => this.#logEvent(event),
      append: record => this.#append(record),
      isCommitFull: () => this.#committer.isFull,
      commitNumber: () => this.#committer.number,
      kick: () => this.#committer.kick(),
      kickSoon: () => this.#committer.kickSoon(),
      damaged: damage => this.#faults.setAside(damage),
      failed: error => this.#faults.unreadable(error),
    });
  }

  #logEvent(event: LoggedEvent): void {
    this.#committer.append(event);
    this.#tail.push(event, this.#parts.log.lastDurable);
    this.#committer.kick();
  }

  #append(record: EventRecord): void {
    this.#committer.append(record);
    if (record.kind === 'session') this.#ids = undefined;
  }

  #brokerIds(): readonly string[] {
    const { ledger } = this.#parts;
    this.#ids ??= ledger.names.map((_, index) => ledger.broker(index).brokerId);
    return this.#ids;
  }

  #commitBegan(): void {
    for (const broker of this.#brokers) broker.commitBegan();
    this.#queue.began();
  }

  #commitEnded(commit: number): void {
    this.#queue.ended();
    for (const broker of this.#brokers) broker.commitEnded(commit);
    this.#releaseTail();
  }

  #releaseTail(): void {
    let needless = this.#parts.log.lastDurable;
    for (const { destination } of this.#brokers) needless = Math.min(needless, destination.needless);
    this.#tail.release(needless);
  }

  async #tidy(): Promise<void> {
    await this.#queue.tidy();
    if (this.#queue.isFull) return;
    for (const broker of this.#brokers) broker.receiver.resume();
  }

  #destinations() {
    return this.#brokers.flatMap((broker, index) =>
      this.#places[index]?.isRemoved === true ? [] : [[index, broker.destination, broker.counters] as const],
    );
  }

  #present(): BrokerEvents[] {
    return this.#brokers.filter((_, index) => this.#places[index]?.isRemoved !== true);
  }
}

function policiesOf({ filters, controlPrefix }: EventSettings, brokers: number): EventPolicies {
  return new EventPolicies(filters, brokers, controlPrefix ?? CONTROL_PREFIX);
}
