/**
 * The reconciler actor: keeps one register a topic, and tells each broker's worker what that broker lacks.
 *
 * One message, read top to bottom: `#receive` (from a broker's worker) → `#apply` (core `step`, through the
 * stream) → sampled at the tick → `#sampled` → `#pump` (core `step` again: what does this broker lack?) →
 * stored → the worker. All decisions are the core's; this file brings it events and carries out its commands.
 */

import { Subject, type Subscription } from 'rxjs';
import type { Command, Event } from '../core/events.ts';
import { isReplicable } from '../core/filter.ts';
import type { Outcome } from '../core/outcome.ts';
import { has, Policies } from '../core/policy.ts';
import { agrees, pendingAt, type Register, willHold } from '../core/register.ts';
import { HybridClock } from '../core/version.ts';
import { BatchReader } from '../protocol/batch.ts';
import { controlTopic } from '../protocol/control-topics.ts';
import type {
  Answer,
  FromBroker,
  LogLevel,
  Port,
  ReconcilerSettings,
  SessionStarted,
  Settled,
  ToBroker,
} from '../protocol/messages.ts';
import { type Observation, readObservation } from '../protocol/observation.ts';
import type { StateStore, StoredState } from '../store/state-store.ts';
import { BLOCKED_AFTER } from './blocks.ts';
import { BrokerLink } from './broker-link.ts';
import { Marker } from './marker.ts';
import { Saver } from './saver.ts';
import { sampleChanged, scanByKey } from './streams.ts';
import { TopicTable } from './topic-table.ts';

interface TopicEvent {
  readonly topic: string;
  readonly event: Event;
}

/** The first publish waits for every broker's first replay, but no longer than so many milliseconds. */
const FIRST_CONTACT_LIMIT = 5_000;

/** How often overdue echoes, blocked topics, expirations and the like are looked for, in milliseconds. */
const HOUSEKEEPING_PERIOD = 1_000;

/** How often anti-entropy asks, in milliseconds. */
const ANTI_ENTROPY_PERIOD = 10_000;

/** Topics kept at most. Past it new ones are refused; known ones are never evicted. */
export const MAX_TOPICS = 4_000_000;

export interface ReconcilerDeps {
  readonly settings: ReconcilerSettings;
  /** This replica's id, which is the store's. */
  readonly replica: string;
  readonly brokers: readonly { readonly name: string; readonly rank: number }[];
  readonly store: StateStore;
  /** What the store held when it was opened. */
  readonly state: StoredState;
  readonly log: (level: LogLevel, message: string) => void;
}

export class Reconciler {
  readonly table: TopicTable;
  /** Counts of what happened, by effect of `step` or reason of a refusal. */
  readonly counters: Record<string, number> = {};
  readonly #deps: ReconcilerDeps;
  readonly #clock: HybridClock;
  readonly #links: readonly BrokerLink[];
  readonly #saver: Saver;
  readonly #events = new Subject<TopicEvent>();
  readonly #sampling: Subscription;
  readonly #firstContact: NodeJS.Timeout;
  #settled = false;
  #housekeeping: NodeJS.Timeout | undefined;
  #antiEntropy: NodeJS.Timeout | undefined;
  #storeFailed = false;
  #drained: (() => void) | undefined;

  constructor(deps: ReconcilerDeps) {
    const { settings, brokers, replica, store } = deps;
    this.#deps = deps;
    this.table = new TopicTable(new Policies(settings.filters, brokers.length), brokers.length);
    this.#clock = new HybridClock(replica);
    this.#links = brokers.map(
      (broker, index) => new BrokerLink(index, broker.name, broker.rank, settings.scanPeriod),
    );
    this.#saver = new Saver({
      store,
      table: this.table,
      facts: () => this.#facts(),
      seal: () => {
        const sends = this.#links.map(link => link.seal());
        return () => {
          for (const send of sends) send();
        };
      },
      failed: error => this.#notStored(error),
    });
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
    this.#load(deps.state);
  }

  /** Takes the port to a broker's worker, in place of an earlier one. */
  attach(broker: number, port: Port<ToBroker, FromBroker>): void {
    const link = this.#link(broker);
    this.#parted(link);
    link.attach(port, message => this.#receive(link, message));
    link.start(this.#deps.replica);
  }

  /** Sends what is waiting, as far as brokers take it within so many milliseconds, then ends. */
  async stop(within: number): Promise<void> {
    this.#settle();
    this.#events.complete();
    const drained = new Promise<void>(resolve => {
      this.#drained = resolve;
    });
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => {
      limit = setTimeout(resolve, within);
    });
    this.#writeMarkers();
    this.#saver.save();
    this.#checkDrained();
    await Promise.race([drained, late]);
    clearTimeout(limit);
    this.#saver.save();
    await this.#saver.idle();
    this.close();
  }

  /** Ends at once; what is not stored is lost. */
  close(): void {
    this.#sampling.unsubscribe();
    clearTimeout(this.#firstContact);
    clearTimeout(this.#housekeeping);
    clearTimeout(this.#antiEntropy);
    for (const link of this.#links) link.close();
  }

  // ── the store ──────────────────────────────────────────────────────────────────────────────────────

  #load({ topics, facts }: StoredState): void {
    for (const link of this.#links) {
      const recorded = facts.get(`marker:${link.name}`);
      if (recorded !== undefined) link.marker = new Marker(Number(recorded));
      link.known = facts.has(`known:${link.name}`);
      this.table.advance(Number(recorded ?? 0));
    }
    for (const [topic, stored] of topics) {
      this.table.load(topic, stored);
      const { register } = stored;
      if (register.winner !== undefined) this.#clock.witness(register.winner.version, Date.now());
    }
    this.#keepHouse();
  }

  #facts(): ReadonlyMap<string, string> {
    const facts = new Map([['replica', this.#deps.replica]]);
    for (const { name, known, marker } of this.#links) {
      if (known) facts.set(`known:${name}`, '1');
      if (marker.recorded !== undefined) facts.set(`marker:${name}`, String(marker.recorded));
    }
    return facts;
  }

  #notStored(error: Error): void {
    if (!this.#storeFailed) {
      this.#deps.log(
        'error',
        `the state cannot be stored in ${this.#deps.store.place}: ${error.message}; replication goes on without`,
      );
    }
    this.#storeFailed = true;
    this.#count('store_failures');
  }

  // ── from a broker's worker ─────────────────────────────────────────────────────────────────────────

  #receive(link: BrokerLink, message: FromBroker): void {
    switch (message.kind) {
      case 'session':
        this.#sessionStarted(link, message);
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
        this.#saver.save();
        return;
      case 'parted':
        this.#parted(link);
        this.#checkDrained();
        return;
    }
  }

  #sessionStarted(link: BrokerLink, session: SessionStarted): void {
    this.#parted(link);
    const hadMarker = link.marker.recorded !== undefined;
    link.sessionStarted(session);
    if (link.base === 'lost' && hadMarker) {
      this.#deps.log('warn', `${link.name} came back without its data, and gets all of it again`);
    } else if (link.base === 'went back') {
      this.#deps.log('warn', `${link.name} came back with an earlier state, and is brought up to date`);
    }
  }

  #observations(link: BrokerLink, batch: ArrayBuffer): void {
    const reader = new BatchReader(batch);
    const now = Date.now();
    while (!reader.done) this.#observed(link, readObservation(reader), now);
    link.credit(1);
    if (link.hasProbes) this.#saver.save();
    this.#keepHouse();
  }

  #observed(link: BrokerLink, observation: Observation, now: number): void {
    const { topic, stamp } = observation;
    if (!this.#accepts(topic)) return;
    if (observation.replay && observation.retained === true) link.replayed?.add(topic);
    link.antiEntropy.received(topic, now);
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
        base: link.base,
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
    if (!isReplicable(topic, this.#deps.settings.controlPrefix)) {
      this.#count('refused_control_topic');
      return false;
    }
    if (this.table.states.size < MAX_TOPICS || this.table.get(topic) !== undefined) return true;
    if (this.#count('refused_too_many_topics') === 1) {
      this.#deps.log(
        'error',
        `more than ${MAX_TOPICS} topics: new ones are not replicated; narrow the filters`,
      );
    }
    return false;
  }

  /** The broker has shown what it retains: compare it with what it held, and send what it lacks. */
  #replayed(link: BrokerLink, stamps: boolean): void {
    link.ready = true;
    link.stamps = stamps;
    link.visits++;
    const { replayed } = link;
    link.replayed = undefined;
    if (replayed !== undefined) this.#compare(link, replayed);
    for (const [topic, { register, policy }] of this.table.states.entries()) {
      if ((register.winner ?? register.passing) !== undefined && policy.publish !== 0) link.due.add(topic);
    }
    if (this.#links.every(other => other.visits > 0)) this.#settle();
    this.#pump(link);
    this.#keepHouse();
  }

  #compare(link: BrokerLink, replayed: ReadonlySet<string>): void {
    const { index: broker, base } = link;
    let asked = 0;
    let held = 0;
    for (const [topic, { register }] of this.table.states.entries()) {
      if (typeof register.held[broker] === 'object') held++;
      this.#apply(topic, { kind: 'returned', broker, base, replayed: replayed.has(topic) });
      if (has(this.table.get(topic)?.register.asking ?? 0, broker)) asked++;
    }
    link.brake.begin(asked, held);
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
      if (topic === this.#markerTopic(link)) link.markerAcknowledged();
      else {
        this.#events.next({ topic, event: { kind: 'acknowledged', broker: link.index, version } });
        this.#succeeded(link, topic);
      }
    }
    for (const { topic, version, reason } of message.refused) {
      if (topic === this.#markerTopic(link)) continue;
      this.#apply(topic, { kind: 'refused', broker: link.index, version });
      this.#failed(link, topic, reason);
    }
    this.#pump(link);
    this.#checkDrained();
  }

  #parted(link: BrokerLink): void {
    const undecided = [...link.brake.abort(), ...link.parted()];
    for (const topic of undecided) this.#apply(topic, { kind: 'unanswered', broker: link.index });
  }

  // ── answers of probes ──────────────────────────────────────────────────────────────────────────────

  #found(link: BrokerLink, answer: Answer): void {
    const { topic, found } = answer;
    if (!link.answered(topic)) return;
    const verdict = link.brake.answered(topic, this.#isDeletion(link, answer) ? 'absent' : 'other');
    if (!this.#isDeletion(link, answer)) this.#probed(link, topic, found, 'loss');
    else if (!link.brake.isOpen && verdict === undefined) this.#probed(link, topic, found, 'deletion');
    if (verdict === undefined) return;
    for (const deleted of verdict.deleted) this.#probed(link, deleted, 'absent', 'deletion');
    for (const heldBack of verdict.heldBack)
      this.#apply(heldBack, { kind: 'unanswered', broker: link.index });
    if (verdict.heldBack.length > 0) {
      this.#deps.log(
        'error',
        `${verdict.heldBack.length} topics have vanished from ${link.name} without having been deleted in our sight: nothing is deleted elsewhere before they are found absent once more`,
      );
    }
  }

  /** Whether an answer says that a client deleted the topic while we did not see it. */
  #isDeletion(link: BrokerLink, { topic, found }: Answer): boolean {
    const known = this.table.get(topic);
    if (found !== 'absent' || known === undefined || link.base !== 'as left') return false;
    return (
      typeof known.register.held[link.index] === 'object' &&
      (known.seen[link.index] ?? 0) <= (link.marker.recorded ?? -1)
    );
  }

  #probed(link: BrokerLink, topic: string, found: Answer['found'], absence: 'deletion' | 'loss'): void {
    const now = Date.now();
    const before = this.table.get(topic)?.register;
    const wasPending = before !== undefined && pendingAt(before, link.index) > 0;
    this.#events.next({
      topic,
      event: { kind: 'probed', broker: link.index, found, absence, fresh: this.#clock.next(now), now },
    });
    const after = this.table.get(topic)?.register;
    if (!wasPending || after?.winner === undefined) return;
    // What was overdue has now been looked at: it arrived, or the broker does not take it.
    if (agrees(willHold(after, link.index), after.winner)) this.#succeeded(link, topic);
    else this.#failed(link, topic, 'it was acknowledged but not stored');
  }

  // ── to the core and back ───────────────────────────────────────────────────────────────────────────

  /** One event for one topic. Returns whether the topic is to be sampled. */
  #apply(topic: string, event: Event): boolean {
    const outcome = this.table.apply(topic, event);
    this.#count(outcome.effect);
    for (const command of outcome.commands) this.#carryOut(topic, command);
    switch (outcome.effect) {
      case 'idle':
        return false;
      case 'published':
        return true;
      case 'echo':
        return this.#echoed(topic, outcome.register, (event as { broker: number }).broker);
      default:
        return lacksSomewhere(outcome);
    }
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
    const { payload, properties, version, expiresAt } = command.message;
    const { retain, qos, confirm } = command;
    link.publish({ topic, payload, properties, version, expiresAt, retain, qos, confirm });
  }

  // ── to a broker's worker ───────────────────────────────────────────────────────────────────────────

  /** The tick: what changed since the last one goes to every broker that lacks it. */
  #sampled(topics: ReadonlySet<string>): void {
    for (const link of this.#links) {
      if (!link.ready) continue;
      for (const topic of topics) link.due.add(topic);
      this.#offer(link);
    }
    this.#saver.save();
  }

  /** Sends a broker what waits for it, as long as it takes more. */
  #pump(link: BrokerLink): void {
    if (this.#offer(link) || link.hasProbes) this.#saver.save();
  }

  /** Returns whether there is anything to send. */
  #offer(link: BrokerLink): boolean {
    if (!this.#settled) return false;
    const now = Date.now();
    let isAny = false;
    for (const topic of link.due) {
      if (!link.open) break;
      link.due.delete(topic);
      if (link.blocks.mustWait(topic, now)) continue;
      const published = this.#apply(topic, { kind: 'offered', broker: link.index, now });
      if (published) isAny = true;
      else this.#succeeded(link, topic);
    }
    return isAny;
  }

  #failed(link: BrokerLink, topic: string, reason: string): void {
    const failures = link.blocks.failed(topic, Date.now());
    this.#count('refused_by_broker');
    if (failures === BLOCKED_AFTER) {
      this.#deps.log(
        'warn',
        `${link.name} does not take ${JSON.stringify(topic)} (${reason}); it is tried again from time to time`,
      );
    }
    this.#keepHouse();
  }

  #succeeded(link: BrokerLink, topic: string): void {
    if (link.blocks.succeeded(topic))
      this.#deps.log('info', `${link.name} takes ${JSON.stringify(topic)} again`);
  }

  #markerTopic(link: BrokerLink): string {
    return controlTopic(this.#deps.settings.controlPrefix, this.#deps.replica, 'marker', link.name);
  }

  #writeMarkers(): void {
    for (const link of this.#links) {
      if (!link.ready || !link.marker.isDue(this.table.closed)) continue;
      link.marker.write(this.table.closed);
      link.publish({
        topic: this.#markerTopic(link),
        payload: String(this.table.closed),
        properties: undefined,
        version: this.#clock.next(Date.now()),
        expiresAt: Number.POSITIVE_INFINITY,
        retain: true,
        qos: 1,
        confirm: true,
      });
    }
  }

  // ── time passes ────────────────────────────────────────────────────────────────────────────────────

  /** Runs the timers while anything waits for time to pass, and only then. */
  #keepHouse(): void {
    if (this.#drained !== undefined) return;
    const waiting =
      this.table.waitsForTime || this.#links.some(link => link.ready && link.isWaiting(this.table.closed));
    if (waiting) this.#housekeeping ??= setTimeout(() => this.#housekeep(), HOUSEKEEPING_PERIOD);
    if (this.table.states.size > 0)
      this.#antiEntropy ??= setTimeout(() => this.#lookAgain(), ANTI_ENTROPY_PERIOD);
  }

  #housekeep(): void {
    this.#housekeeping = undefined;
    const now = Date.now();
    for (const topic of this.table.expiring(now)) {
      this.#events.next({ topic, event: { kind: 'expired', fresh: this.#clock.next(now), now } });
      this.table.expectExpiry(topic);
    }
    for (const link of this.#links) {
      if (!link.ready) continue;
      for (const topic of link.overdue(now)) this.#apply(topic, { kind: 'overdue', broker: link.index });
      for (const topic of link.blocks.due(now)) link.due.add(topic);
      this.#offer(link);
    }
    this.table.forget(now);
    this.#writeMarkers();
    this.#saver.save();
    this.#keepHouse();
  }

  #lookAgain(): void {
    this.#antiEntropy = undefined;
    const now = Date.now();
    for (const link of this.#links) {
      if (!link.ready || link.brake.isOpen) continue;
      const topics = link.antiEntropy.next(this.table.states, ANTI_ENTROPY_PERIOD / 1000, now);
      for (const topic of topics) this.#apply(topic, { kind: 'doubted', broker: link.index });
      const asked = topics.filter(topic =>
        has(this.table.get(topic)?.register.asking ?? 0, link.index),
      ).length;
      link.brake.begin(asked, asked);
    }
    this.#saver.save();
    this.#keepHouse();
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
