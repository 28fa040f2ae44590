/**
 * The reconciler actor: keeps one register a topic, and tells each broker's worker what that broker lacks.
 *
 * One message, read top to bottom: `#receive` (from a broker's worker) → `#apply` (core `step`, through the
 * stream) → sampled at the tick → `#sampled` → `#pump` (core `step` again: what does this broker lack?) →
 * stored → the worker. All decisions are the core's; this file brings it events and carries out its commands.
 */

import { Subject, type Subscription } from 'rxjs';
import type { Base, Event } from '../core/events.ts';
import { compileMergeChain, type Decoders } from '../core/merge-order.ts';
import { lacks } from '../core/offer.ts';
import type { Clash, Outcome } from '../core/outcome.ts';
import { has, Policies } from '../core/policy.ts';
import { agrees, pendingAt, type Register, willHold } from '../core/register.ts';
import { HybridClock } from '../core/version.ts';
import { BatchReader } from '../protocol/batch.ts';
import { ControlTopics } from '../protocol/control-topics.ts';
import { BOUNDS, Histogram } from '../protocol/histogram.ts';
import type {
  BrokerPlace,
  FromBroker,
  LogLevel,
  Observations,
  Port,
  ReconcilerSettings,
  SessionStarted,
  Settled,
  ToBroker,
  Undelivered,
} from '../protocol/messages.ts';
import { type Observation, readObservation } from '../protocol/observation.ts';
import type { StateStore, StoredState } from '../store/state-store.ts';
import { BrokerLink } from './broker-link.ts';
import { ConflictLog } from './conflict-log.ts';
import { Dispatcher } from './dispatcher.ts';
import { factsOf, recall } from './facts.ts';
import { Inspector } from './inspector.ts';
import { Saver } from './saver.ts';
import { sampleChanged, scanByKey } from './streams.ts';
import { type Step, TopicTable } from './topic-table.ts';
import { Verifier } from './verifier.ts';

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

export interface ReconcilerDeps {
  readonly settings: ReconcilerSettings;
  /** This replica's id, which is the store's. */
  readonly replica: string;
  readonly brokers: readonly { readonly name: string; readonly rank: number }[];
  /** For the formats that the merge chains read. */
  readonly decoders: Partial<Decoders>;
  readonly store: StateStore;
  /** In place of the core's, for tests that want to see it missed. */
  readonly step?: Step;
  /** What the store held when it was opened. */
  readonly state: StoredState;
  readonly log: (level: LogLevel, message: string) => void;
}

/** What holds from now on. */
export interface Configuration {
  readonly settings: ReconcilerSettings;
  /** By index; those known keep theirs. */
  readonly brokers: readonly BrokerPlace[];
  readonly decoders: Partial<Decoders>;
}

export class Reconciler {
  readonly table: TopicTable;
  /** Counts of what happened, by effect of `step` or reason of a refusal. */
  readonly counters: Record<string, number> = {};
  /** For who wants to know how all is. */
  readonly inspector: Inspector;
  readonly #conflicts: ConflictLog;
  /** How long the ticks took that came to something. */
  readonly #ticks = new Histogram(BOUNDS.tick);
  readonly #deps: ReconcilerDeps;
  readonly #clock: HybridClock;
  /** By index. */
  readonly #links: BrokerLink[] = [];
  readonly #saver: Saver;
  readonly #dispatcher: Dispatcher;
  readonly #verifier: Verifier;
  readonly #events = new Subject<TopicEvent>();
  #sampling: Subscription;
  readonly #firstContact: NodeJS.Timeout;
  #housekeeping: NodeJS.Timeout | undefined;
  #antiEntropy: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;

  constructor(deps: ReconcilerDeps) {
    const { settings, brokers, replica, store } = deps;
    // The topics are in the table from now on, and need not be kept twice.
    this.#deps = { ...deps, state: { topics: [], facts: deps.state.facts } };
    const policies = policiesOf(settings, brokers.length, deps.decoders);
    this.table = new TopicTable(policies, brokers.length, deps.step);
    this.#clock = new HybridClock(replica, settings.maxDrift);
    this.table.blockedAt = topic =>
      this.#links.reduce((set, { blocks, index }) => (blocks.isBlocked(topic) ? set | (1 << index) : set), 0);
    this.#conflicts = new ConflictLog(deps.decoders);
    for (const broker of brokers) this.#addLink(broker, settings);
    this.#saver = new Saver({
      store,
      table: this.table,
      facts: () => factsOf(replica, this.#links),
      seal: () => {
        const sends = this.#links.map(link => link.seal());
        return () => {
          for (const send of sends) send();
        };
      },
      failed: error => this.#notStored(error),
      recovered: () => deps.log('info', `the state is stored again in ${store.place}`),
    });
    this.#dispatcher = new Dispatcher({
      clock: this.#clock,
      apply: (topic, event) => this.#apply(topic, event),
      blockedOrNot: topic => this.table.recount(topic),
      log: deps.log,
    });
    this.#verifier = new Verifier({
      table: this.table,
      clock: this.#clock,
      apply: (topic, event) => this.#events.next({ topic, event }),
      settled: (link, topic, failure) => this.#dispatcher.settled(link, topic, failure),
      log: deps.log,
    });
    this.inspector = new Inspector({
      replica,
      table: this.table,
      links: this.#links,
      conflicts: this.#conflicts,
      counters: this.counters,
      saver: this.#saver,
      ticks: this.#ticks,
      payloads: settings.hidesPayloads ? 'hidden' : 'shown',
    });
    this.#sampling = this.#sample(settings);
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

  /**
   * Goes on with other settings and other brokers. Those that are known keep their indexes; what is known of topics,
   * and the connections, stay as they are.
   */
  configure({ settings, brokers, decoders }: Configuration): void {
    // What waits for the tick is among what is looked at below.
    this.#sampling.unsubscribe();
    const former = this.table.configure(policiesOf(settings, brokers.length, decoders), brokers.length);
    this.#clock.maxDrift = settings.maxDrift;
    this.#conflicts.decodeBy(decoders);
    for (const [index, { name, rank, isRemoved }] of brokers.entries()) {
      const link = this.#links[index] ?? this.#addLink({ name, rank }, settings);
      link.rank = rank;
      link.antiEntropy.period = settings.scanPeriod;
      link.former ??= former;
      if (isRemoved) this.#remove(link);
      else link.isRemoved = false;
    }
    this.#deps.store.useBrokers(brokers.map(({ name }) => name));
    this.#sampling = this.#sample(settings);
    this.#settleIfSeen();
    for (const link of this.#links) if (link.ready) this.#offerAll(link);
    this.#keepHouse();
  }

  /**
   * Sends what is waiting, as far as brokers take it within so many milliseconds, then ends. Returns what the brokers
   * that are connected have not taken.
   */
  async stop(within: number): Promise<readonly Undelivered[]> {
    this.#settle();
    this.#events.complete();
    const drained = new Promise<void>(resolve => {
      this.#drained = resolve;
    });
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => {
      limit = setTimeout(resolve, within);
    });
    for (const link of this.#links) {
      if (this.#deps.store.isLasting) this.#dispatcher.writeMarker(link, this.table.closed);
      else this.#dispatcher.eraseMarker(link);
    }
    this.#saver.save();
    this.#checkDrained();
    await Promise.race([drained, late]);
    clearTimeout(limit);
    const left = this.#links
      .filter(({ busy }) => busy)
      .map(({ name, unsettled }) => ({ name, messages: unsettled }));
    await this.#saver.finish();
    this.close();
    return left;
  }

  /** Ends at once; what is not stored is lost. */
  close(): void {
    this.#sampling.unsubscribe();
    clearTimeout(this.#firstContact);
    clearTimeout(this.#housekeeping);
    clearTimeout(this.#antiEntropy);
    for (const link of this.#links) link.close();
    this.inspector.close();
  }

  // ── settings ───────────────────────────────────────────────────────────────────────────────────────

  #addLink({ name, rank }: Pick<BrokerPlace, 'name' | 'rank'>, settings: ReconcilerSettings): BrokerLink {
    const { replica, state } = this.#deps;
    const { controlPrefix, scanPeriod } = settings;
    const control = controlPrefix === undefined ? undefined : new ControlTopics(controlPrefix, replica, name);
    const index = this.#links.length;
    const link = new BrokerLink({ index, name, rank, scanPeriod, markerTopic: control?.of('marker') });
    recall(link, state.facts);
    this.table.advance(link.marker.recorded ?? 0);
    this.#links.push(link);
    return link;
  }

  #remove(link: BrokerLink): void {
    this.#parted(link);
    link.remove();
  }

  #sample({ mergeFrequency }: ReconcilerSettings): Subscription {
    return this.#events
      .pipe(
        scanByKey(
          ({ topic }) => topic,
          (topic, { event }) => this.#apply(topic, event),
        ),
        sampleChanged(1000 / mergeFrequency),
      )
      .subscribe(topics => this.#sampled(topics));
  }

  // ── the store ──────────────────────────────────────────────────────────────────────────────────────

  #load({ topics }: StoredState): void {
    for (const [topic, stored] of topics) {
      this.table.load(topic, stored);
      const { register } = stored;
      if (register.winner !== undefined) this.#clock.resume(register.winner.version);
    }
    this.#keepHouse();
  }

  #notStored(error: Error): void {
    this.#deps.log('error', `${error.message}; replication goes on, and it is tried again from time to time`);
    this.#count('store_failures');
  }

  // ── from a broker's worker ─────────────────────────────────────────────────────────────────────────

  #receive(link: BrokerLink, message: FromBroker): void {
    switch (message.kind) {
      case 'session':
        this.#sessionStarted(link, message);
        return;
      case 'observations':
        this.#observations(link, message);
        return;
      case 'replayed':
        this.#replayed(link, message.stamps);
        return;
      case 'settled':
        this.#settledAt(link, message);
        return;
      case 'found':
        for (const answer of message.answers) this.#verifier.found(link, answer);
        this.#saver.save();
        // What was found is new, maybe: then the marker is to follow.
        this.#keepHouse();
        return;
      case 'shown':
        this.#shown(link, message.batch);
        return;
      case 'surveyed':
        this.#verifier.surveyed(link);
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

  #observations(link: BrokerLink, { batch, messages }: Observations): void {
    const reader = new BatchReader(batch);
    const now = Date.now();
    link.messages += messages;
    // A replay is a burst that tells by itself when it is over.
    const isBurst = link.antiEntropy.received(messages, performance.now()) && link.ready;
    while (!reader.done) {
      const observation = readObservation(reader);
      this.#observed(link, observation, now);
      // An echo that was dropped is missed anyway.
      if (isBurst && !observation.own && this.table.get(observation.topic) !== undefined)
        link.antiEntropy.note(observation.topic);
    }
    link.credit(1);
    if (link.hasProbes) this.#saver.save();
    this.#keepHouse();
  }

  #shown(link: BrokerLink, batch: ArrayBuffer): void {
    const reader = new BatchReader(batch);
    while (!reader.done) {
      const observation = readObservation(reader);
      if (this.#accepts(observation.topic)) this.#verifier.shown(link, observation);
    }
    this.#saver.save();
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
        base: observation.replay ? this.#baseOf(link, topic) : link.base,
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

  /** What is subscribed to only since the filters were changed is seen there for the first time. */
  #baseOf({ former, base, index }: BrokerLink, topic: string): Base {
    return former === undefined || has(former.of(topic).echo, index) ? base : 'none';
  }

  #accepts(topic: string): boolean {
    const { topics } = this.#deps.settings.bounds;
    if (this.table.states.size < topics || this.table.get(topic) !== undefined) return true;
    if (this.#count('refused_too_many_topics') === 1) {
      this.#deps.log(
        'error',
        `more than ${topics} topics: new ones are not replicated; narrow the filters, or raise MQTTREP_MAX_TOPICS`,
      );
    }
    return false;
  }

  /** The broker has shown what it retains: compare it with what it held, and send what it lacks. */
  #replayed(link: BrokerLink, stamps: boolean): void {
    link.ready = true;
    link.known = true;
    link.stamps = stamps;
    link.visits++;
    link.former = undefined;
    link.antiEntropy.replayed(link.messages);
    const { replayed } = link;
    link.replayed = undefined;
    if (replayed !== undefined) this.#verifier.compare(link, replayed);
    this.#settleIfSeen();
    this.#offerAll(link);
    this.#keepHouse();
  }

  /** Whatever the broker may lack. */
  #offerAll(link: BrokerLink): void {
    for (const [topic, { register, policy }] of this.table.states.entries()) {
      if (policy.publish !== 0 && lacks(register, link.index)) link.due.add(topic);
    }
    this.#pump(link);
  }

  #settleIfSeen(): void {
    if (this.#links.every(({ visits, isRemoved }) => visits > 0 || isRemoved)) this.#settle();
  }

  #settle(): void {
    if (this.#dispatcher.isOpen) return;
    clearTimeout(this.#firstContact);
    this.#dispatcher.isOpen = true;
    for (const link of this.#links) this.#pump(link);
  }

  #settledAt(link: BrokerLink, message: Settled): void {
    link.settled(message);
    for (const { topic, version } of message.confirmed) {
      if (topic === link.markerTopic) {
        link.markerAcknowledged();
        this.#saver.save();
        continue;
      }
      this.#events.next({ topic, event: { kind: 'acknowledged', broker: link.index, version } });
      this.#dispatcher.settled(link, topic, undefined);
    }
    for (const { topic, version, reason, culprit } of message.refused) {
      if (topic === link.markerTopic) continue;
      this.#apply(topic, { kind: 'refused', broker: link.index, version });
      if (culprit === 'value') this.#dispatcher.valueRefused(link, topic, reason);
      else this.#dispatcher.settled(link, topic, reason);
    }
    this.#keepHouse();
    this.#pump(link);
    this.#checkDrained();
  }

  #parted(link: BrokerLink): void {
    const undecided = [...link.brake.abort(), ...link.parted()];
    for (const topic of undecided) this.#apply(topic, { kind: 'unanswered', broker: link.index });
  }

  // ── to the core and back ───────────────────────────────────────────────────────────────────────────

  /** One event for one topic. Returns whether the topic is to be sampled. */
  #apply(topic: string, event: Event): boolean {
    const outcome = this.table.apply(topic, event);
    this.#count(outcome.effect);
    if (outcome.clash !== undefined) this.#clashed(topic, outcome.clash);
    for (const command of outcome.commands) {
      this.#dispatcher.carryOut(this.#link(command.broker), topic, command);
    }
    switch (outcome.effect) {
      case 'idle':
        return false;
      case 'published':
        return true;
      case 'won':
      case 'expired':
        for (const link of this.#links) link.blocks.valueChanged(topic);
        return lacksSomewhere(outcome);
      case 'echo':
        return this.#echoed(topic, outcome.register, (event as { broker: number }).broker);
      default:
        return lacksSomewhere(outcome);
    }
  }

  #clashed(topic: string, clash: Clash): void {
    const policy = this.table.get(topic)?.policy;
    if (policy !== undefined) this.#conflicts.note(topic, clash, policy);
  }

  /** Returns whether the broker, now that our publish has arrived there, still lacks something. */
  #echoed(topic: string, register: Register, broker: number): boolean {
    const link = this.#link(broker);
    if (pendingAt(register, broker) === 0) {
      link.echoed(topic);
      this.#dispatcher.settled(link, topic, undefined);
    }
    return register.winner !== undefined && !agrees(willHold(register, broker), register.winner);
  }

  // ── to a broker's worker ───────────────────────────────────────────────────────────────────────────

  /** The tick: what changed since the last one goes to every broker that lacks it. */
  #sampled(topics: ReadonlySet<string>): void {
    const begin = performance.now();
    for (const link of this.#links) {
      if (!link.ready) continue;
      for (const topic of topics) link.due.add(topic);
      this.#dispatcher.offer(link);
    }
    this.#saver.save();
    this.#ticks.observe((performance.now() - begin) / 1000);
  }

  /** Sends a broker what waits for it. */
  #pump(link: BrokerLink): void {
    if (this.#dispatcher.offer(link) || link.hasProbes) this.#saver.save();
  }

  // ── time passes ────────────────────────────────────────────────────────────────────────────────────

  /** Runs the timers while anything waits for time to pass, and only then. */
  #keepHouse(): void {
    if (this.#drained !== undefined) return;
    const waiting =
      this.table.waitsForTime || this.#links.some(link => link.ready && link.isWaiting(this.table.closed));
    if (waiting) this.#housekeeping ??= setTimeout(() => this.#housekeep(), HOUSEKEEPING_PERIOD);
    this.#antiEntropy ??= setTimeout(() => this.#lookAgain(), ANTI_ENTROPY_PERIOD);
  }

  #housekeep(): void {
    this.#housekeeping = undefined;
    const now = Date.now();
    const uptime = performance.now();
    for (const topic of this.table.expiring(now)) {
      this.#events.next({ topic, event: { kind: 'expired', fresh: this.#clock.next(now), now } });
      this.table.expectExpiry(topic);
    }
    for (const link of this.#links) {
      if (!link.ready) continue;
      for (const topic of link.overdue(uptime)) this.#apply(topic, { kind: 'overdue', broker: link.index });
      for (const topic of link.blocks.due(uptime)) link.due.add(topic);
      this.#dispatcher.offer(link);
    }
    this.table.forget(now);
    for (const link of this.#links) this.#dispatcher.writeMarker(link, this.table.closed);
    this.#saver.save();
    this.#keepHouse();
  }

  #lookAgain(): void {
    this.#antiEntropy = undefined;
    const uptime = performance.now();
    for (const link of this.#links) this.#verifier.lookAgain(link, ANTI_ENTROPY_PERIOD / 1000, uptime);
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

function policiesOf({ filters }: ReconcilerSettings, brokers: number, decoders: Partial<Decoders>): Policies {
  return new Policies(filters, brokers, chain => compileMergeChain(chain, decoders));
}

/** Whether some broker may lack what the register says: a reason to look at it at the tick. */
function lacksSomewhere({ register, effect }: Outcome): boolean {
  const { winner, passing } = register;
  if (effect === 'passing') return passing !== undefined;
  return (
    winner !== undefined && register.held.some((_, broker) => !agrees(willHold(register, broker), winner))
  );
}
