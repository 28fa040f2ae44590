/**
 * The reconciler actor: keeps one register a topic, and tells each broker's worker what that broker lacks.
 *
 * One message, read top to bottom: `#receive` (from a broker's worker) → `#apply` (core `step`, through the
 * stream) → sampled at the tick → `#sampled` → `#pump` (core `step` again: what does this broker lack?) →
 * the worker. All decisions are the core's; this file brings it events and carries out its commands.
 */

import { Subject, type Subscription } from 'rxjs';
import type { Command, Event } from '../core/events.ts';
import { isReplicable } from '../core/filter.ts';
import type { Outcome } from '../core/outcome.ts';
import { Policies, type Policy } from '../core/policy.ts';
import {
  agrees,
  emptyRegister,
  isDeletion,
  PASSING_AGE,
  pendingAt,
  type Register,
  willHold,
} from '../core/register.ts';
import { isForgettable, step } from '../core/step.ts';
import { HybridClock } from '../core/version.ts';
import { BatchReader } from '../protocol/batch.ts';
import type {
  Answer,
  FromBroker,
  LogLevel,
  Port,
  ReconcilerSettings,
  Settled,
  ToBroker,
} from '../protocol/messages.ts';
import { type Observation, readObservation } from '../protocol/observation.ts';
import { BLOCKED_AFTER } from './blocks.ts';
import { BrokerLink } from './broker-link.ts';
import { Expiries } from './expiries.ts';
import { KeyedStates, sampleChanged, scanByKey } from './streams.ts';

/** One topic: its register and what its filters say. */
interface Topic {
  readonly register: Register;
  readonly policy: Policy;
}

interface TopicEvent {
  readonly topic: string;
  readonly event: Event;
}

/** The first publish waits for every broker's first replay, but no longer than so many milliseconds. */
const FIRST_CONTACT_LIMIT = 5_000;

/** How often overdue echoes, blocked topics, expirations and forgettable topics are looked for. */
const HOUSEKEEPING_PERIOD = 1_000;

/** Topics kept at most. Past it new ones are refused; known ones are never evicted. */
export const MAX_TOPICS = 4_000_000;

export class Reconciler {
  readonly topics = new KeyedStates<string, Topic>();
  readonly #settings: ReconcilerSettings;
  readonly #log: (level: LogLevel, message: string) => void;
  readonly #policies: Policies;
  readonly #clock: HybridClock;
  readonly #links: readonly BrokerLink[];
  readonly #events = new Subject<TopicEvent>();
  readonly #sampling: Subscription;
  readonly #expiries = new Expiries();
  readonly #forgettable = new Set<string>();
  readonly #firstContact: NodeJS.Timeout;
  /** Counts of what happened, by effect of `step` or reason of a refusal. */
  readonly counters: Record<string, number> = {};
  #settled = false;
  #housekeeping: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;

  constructor(
    settings: ReconcilerSettings,
    brokers: readonly { readonly name: string; readonly rank: number }[],
    log: (level: LogLevel, message: string) => void,
  ) {
    this.#settings = settings;
    this.#log = log;
    this.#policies = new Policies(settings.filters, brokers.length);
    this.#clock = new HybridClock(settings.replica);
    this.#links = brokers.map((broker, index) => new BrokerLink(index, broker.name, broker.rank));
    this.#sampling = this.#events
      .pipe(
        scanByKey(
          ({ topic }) => topic,
          (topic, { event }) => this.#apply(topic, event),
        ),
        sampleChanged(1000 / settings.mergeFrequency),
      )
      .subscribe(topics => this.#sampled(topics));
    this.#firstContact = setTimeout(() => this.#settle(), FIRST_CONTACT_LIMIT);
  }

  /** Takes the port to a broker's worker, in place of an earlier one. */
  attach(broker: number, port: Port<ToBroker, FromBroker>): void {
    const link = this.#link(broker);
    this.#parted(link);
    link.attach(port, message => this.#receive(link, message));
  }

  /** Sends what is waiting, as far as brokers take it within so many milliseconds, then ends. */
  async stop(within: number): Promise<void> {
    this.#settle();
    this.#events.complete();
    const drained = new Promise<void>(resolve => {
      this.#drained = resolve;
    });
    const limit = new Promise<void>(resolve => setTimeout(resolve, within).unref());
    this.#checkDrained();
    await Promise.race([drained, limit]);
    this.#sampling.unsubscribe();
    clearTimeout(this.#housekeeping);
    for (const link of this.#links) link.close();
  }

  // ── from a broker's worker ─────────────────────────────────────────────────────────────────────────

  #receive(link: BrokerLink, message: FromBroker): void {
    switch (message.kind) {
      case 'session':
        this.#parted(link);
        link.sessionStarted(message.session, message.stamps);
        return;
      case 'observations':
        this.#observations(link, message.batch);
        return;
      case 'replayed':
        this.#replayed(link, message.stamps);
        return;
      case 'settled':
        this.#settledAt(link, message);
        return;
      case 'found':
        for (const answer of message.answers) this.#found(link, answer);
        link.flush();
        return;
      case 'parted':
        this.#parted(link);
        this.#checkDrained();
        return;
    }
  }

  #observations(link: BrokerLink, batch: ArrayBuffer): void {
    const reader = new BatchReader(batch);
    const now = Date.now();
    while (!reader.done) this.#observed(link, readObservation(reader), now);
    link.credit(1);
    link.flush();
  }

  #observed(link: BrokerLink, observation: Observation, now: number): void {
    const { topic, stamp } = observation;
    if (!this.#accepts(topic)) return;
    if (observation.replay && observation.retained === true) link.replayed?.add(topic);
    const believed = stamp !== undefined && this.#clock.witness(stamp, now) ? stamp : undefined;
    this.#events.next({
      topic,
      event: {
        kind: 'observed',
        broker: link.index,
        payload: observation.payload,
        properties: observation.properties,
        retained: observation.retained,
        replay: observation.replay,
        stamp: believed,
        stamps: link.stamps,
        own: observation.own,
        expiry: observation.expiry,
        fresh: this.#clock.next(now),
        rank: link.rank,
        now,
      },
    });
  }

  #accepts(topic: string): boolean {
    if (!isReplicable(topic, this.#settings.controlPrefix)) {
      this.#count('refused_control_topic');
      return false;
    }
    if (this.topics.size < MAX_TOPICS || this.topics.get(topic) !== undefined) return true;
    if (this.#count('refused_too_many_topics') === 1) {
      this.#log('error', `more than ${MAX_TOPICS} topics: new ones are not replicated; narrow the filters`);
    }
    return false;
  }

  #replayed(link: BrokerLink, stamps: boolean): void {
    link.ready = true;
    link.stamps = stamps;
    link.visits++;
    const { replayed } = link;
    link.replayed = undefined;
    for (const [topic, { register, policy }] of this.topics.entries()) {
      if (replayed !== undefined) {
        this.#apply(topic, { kind: 'returned', broker: link.index, replayed: replayed.has(topic) });
      }
      if ((register.winner ?? register.passing) !== undefined && policy.publish !== 0) link.due.add(topic);
    }
    if (this.#links.every(other => other.visits > 0)) this.#settle();
    this.#pump(link);
  }

  #settle(): void {
    if (this.#settled) return;
    clearTimeout(this.#firstContact);
    this.#settled = true;
    for (const link of this.#links) this.#pump(link);
  }

  #settledAt(link: BrokerLink, message: Settled): void {
    link.settled(message);
    for (const { topic, version } of message.confirmed) {
      this.#events.next({ topic, event: { kind: 'acknowledged', broker: link.index, version } });
      this.#succeeded(link, topic);
    }
    for (const { topic, version, reason } of message.refused) {
      this.#apply(topic, { kind: 'refused', broker: link.index, version });
      this.#failed(link, topic, reason);
    }
    this.#pump(link);
    this.#checkDrained();
  }

  #found(link: BrokerLink, { topic, found }: Answer): void {
    const now = Date.now();
    if (!link.answered(topic)) return;
    const before = this.topics.get(topic)?.register;
    const wasPending = before !== undefined && pendingAt(before, link.index) > 0;
    this.#events.next({
      topic,
      event: {
        kind: 'probed',
        broker: link.index,
        found,
        absence: 'loss',
        fresh: this.#clock.next(now),
        now,
      },
    });
    const after = this.topics.get(topic)?.register;
    const winner = after?.winner;
    if (!wasPending || after === undefined || winner === undefined) return;
    // What was overdue has now been looked at: it arrived, or the broker does not take it.
    if (agrees(willHold(after, link.index), winner)) this.#succeeded(link, topic);
    else this.#failed(link, topic, 'it was acknowledged but not stored');
  }

  #parted(link: BrokerLink): void {
    for (const topic of link.parted()) this.#apply(topic, { kind: 'unanswered', broker: link.index });
  }

  // ── to the core and back ───────────────────────────────────────────────────────────────────────────

  /** One event for one topic. Returns whether the topic is to be sampled. */
  #apply(topic: string, event: Event): boolean {
    const known = this.topics.get(topic);
    const policy = known?.policy ?? this.#policies.of(topic);
    const before = known?.register ?? emptyRegister(this.#links.length);
    const outcome = step(before, event, policy);
    const { register, effect } = outcome;
    this.#count(effect);
    if (register !== before || known === undefined) this.#keep(topic, register, policy);
    for (const command of outcome.commands) this.#carryOut(topic, command);
    switch (effect) {
      case 'idle':
        return false;
      case 'published':
        return true;
      case 'echo':
        return this.#echoed(topic, register, (event as { broker: number }).broker);
      default:
        return lacksSomewhere(outcome);
    }
  }

  #keep(topic: string, register: Register, policy: Policy): void {
    this.topics.set(topic, { register, policy });
    if (register.winner !== undefined) this.#expiries.expect(topic, register.winner.expiresAt);
    if (register.winner === undefined || isDeletion(register.winner)) this.#forgettable.add(topic);
    this.#keepHouse();
  }

  /** Returns whether the broker, now that our publish has arrived there, still lacks something. */
  #echoed(topic: string, register: Register, broker: number): boolean {
    const link = this.#link(broker);
    if (pendingAt(register, broker) === 0) {
      link.echoed(topic);
      this.#succeeded(link, topic);
    }
    return register.winner !== undefined && !agrees(willHold(register, broker), register.winner);
  }

  #carryOut(topic: string, command: Command): void {
    const link = this.#link(command.broker);
    if (command.kind === 'probe') {
      link.probe(topic);
      return;
    }
    const { message, retain, qos, confirm } = command;
    link.publish({
      topic,
      payload: message.payload,
      properties: message.properties,
      version: message.version,
      expiresAt: message.expiresAt,
      retain,
      qos,
      confirm,
    });
  }

  // ── to a broker's worker ───────────────────────────────────────────────────────────────────────────

  /** The tick: what changed since the last one goes to every broker that lacks it. */
  #sampled(topics: ReadonlySet<string>): void {
    for (const link of this.#links) {
      if (!link.ready) continue;
      for (const topic of topics) link.due.add(topic);
      this.#pump(link);
    }
  }

  /** Offers the waiting topics to a broker, as long as it takes more. */
  #pump(link: BrokerLink): void {
    const now = Date.now();
    if (this.#settled) {
      for (const topic of link.due) {
        if (!link.open) break;
        link.due.delete(topic);
        if (!link.blocks.mustWait(topic, now)) this.#offer(link, topic, now);
      }
    }
    link.flush();
  }

  #offer(link: BrokerLink, topic: string, now: number): void {
    const published = this.#apply(topic, { kind: 'offered', broker: link.index, now });
    if (!published) this.#succeeded(link, topic);
  }

  #failed(link: BrokerLink, topic: string, reason: string): void {
    const failures = link.blocks.failed(topic, Date.now());
    this.#count('refused_by_broker');
    if (failures === BLOCKED_AFTER) {
      this.#log(
        'warn',
        `${link.name} does not take ${JSON.stringify(topic)} (${reason}); it is tried again from time to time`,
      );
    }
    this.#keepHouse();
  }

  #succeeded(link: BrokerLink, topic: string): void {
    if (link.blocks.succeeded(topic)) this.#log('info', `${link.name} takes ${JSON.stringify(topic)} again`);
  }

  // ── time passes ────────────────────────────────────────────────────────────────────────────────────

  /** Runs the housekeeping timer while anything waits for time to pass, and only then. */
  #keepHouse(): void {
    const waiting =
      this.#expiries.size > 0 || this.#forgettable.size > 0 || this.#links.some(link => link.waiting);
    if (waiting) this.#housekeeping ??= setTimeout(() => this.#housekeep(), HOUSEKEEPING_PERIOD);
  }

  #housekeep(): void {
    this.#housekeeping = undefined;
    const now = Date.now();
    for (const topic of this.#expiries.due(now)) {
      this.#events.next({ topic, event: { kind: 'expired', fresh: this.#clock.next(now), now } });
      const winner = this.topics.get(topic)?.register.winner;
      if (winner !== undefined) this.#expiries.expect(topic, winner.expiresAt);
    }
    for (const link of this.#links) {
      if (!link.ready) continue;
      for (const topic of link.overdue(now)) this.#apply(topic, { kind: 'overdue', broker: link.index });
      for (const topic of link.blocks.due(now)) link.due.add(topic);
      this.#pump(link);
    }
    for (const topic of this.#forgettable) this.#forget(topic, now);
    this.#keepHouse();
  }

  #forget(topic: string, now: number): void {
    const known = this.topics.get(topic);
    if (known !== undefined && isForgettable(known.register, known.policy, now)) this.topics.delete(topic);
    // All but time would come with a change of the register, and that brings the topic here again.
    if (!isWaitingToBeForgotten(known?.register, now)) this.#forgettable.delete(topic);
  }

  #checkDrained(): void {
    if (this.#drained !== undefined && !this.#links.some(link => link.busy)) this.#drained();
  }

  #count(name: string): number {
    const count = (this.counters[name] ?? 0) + 1;
    this.counters[name] = count;
    return count;
  }

  #link(broker: number): BrokerLink {
    const link = this.#links[broker];
    if (link === undefined) throw new RangeError(`there is no broker ${broker}`);
    return link;
  }
}

/** Whether some broker may lack what the register says: a reason to look at it at the tick. */
function lacksSomewhere({ register, effect }: Outcome): boolean {
  const { winner, passing } = register;
  if (effect === 'passing') return passing !== undefined;
  return (
    winner !== undefined && register.held.some((_, broker) => !agrees(willHold(register, broker), winner))
  );
}

function isWaitingToBeForgotten(register: Register | undefined, now: number): boolean {
  return register?.passing !== undefined && register.passing.since + PASSING_AGE > now;
}
