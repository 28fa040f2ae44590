/**
 * The reconciler actor: keeps one register a topic, and tells each broker's worker what that broker lacks.
 *
 * One message, read top to bottom: `#receive` (from a broker's worker) → `Reception` → the stream of `#sample`:
 * `Stepper` (core `step`) → `#tick` → `Dispatcher` (core `step` again: what does this broker lack?) → `Saver` →
 * the worker. All decisions are the core's; what is here brings it events and carries out its commands.
 */

import { asyncScheduler, Subject, type Subscription } from 'rxjs';
import type { Event } from '../core/events.ts';
import { compileMergeChain, type Decoders } from '../core/merge-order.ts';
import { lacks } from '../core/offer.ts';
import { Policies } from '../core/policy.ts';
import { HybridClock } from '../core/version.ts';
import { BOUNDS, Histogram } from '../protocol/histogram.ts';
import type {
  BrokerPlace,
  FromBroker,
  Log,
  Port,
  ReconcilerSettings,
  ToBroker,
  Undelivered,
} from '../protocol/messages.ts';
import type { StateStore, StoredState, TopicEntry } from '../store/state-store.ts';
import { Admission } from './admission.ts';
import { Committer } from './committer.ts';
import { Dispatcher } from './dispatcher.ts';
import { Drain } from './drain.ts';
import { EventHandler, type TopicEvent } from './event-handler.ts';
import { FirstContact } from './first-contact.ts';
import { Ingress } from './ingress.ts';
import { ConflictLog } from './inspection/conflict-log.ts';
import { Inspector } from './inspection/inspector.ts';
import { Trash } from './inspection/trash.ts';
import type { BrokerLink } from './links/broker-link.ts';
import { BrokerLinks } from './links/broker-links.ts';
import type { Self } from './links/store-metadata.ts';
import { LoopDamper } from './loop-damper.ts';
import { Markers } from './markers.ts';
import { assertFits, defaultMemory } from './memory-bound.ts';
import { PeriodicTasks } from './periodic-tasks.ts';
import { Sessions } from './sessions.ts';
import { sampleChanged, scanByKey } from './streams.ts';
import { Counters } from './topics/counters.ts';
import { soundTopics } from './topics/sound-topics.ts';
import { type Step, TopicTable } from './topics/topic-table.ts';
import type { Decision } from './verification/absences.ts';
import { Verifier } from './verification/verifier.ts';

export interface ReconcilerDeps extends Self {
  readonly settings: ReconcilerSettings;
  readonly brokers: readonly { readonly name: string; readonly rank: number }[];
  /** For the formats that the merge chains read. */
  readonly decoders: Partial<Decoders>;
  readonly store: StateStore;
  /** In place of the core's, for tests that want to see it missed. */
  readonly step?: Step;
  /** What the store held when it was opened. */
  readonly state: StoredState;
  readonly log: Log;
  /** Bytes of the heap that the thread may use. */
  readonly heap?: number;
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
  /** For who wants to know how all is. */
  readonly inspector: Inspector;
  readonly #store: StateStore;
  readonly #clock: HybridClock;
  readonly #links: BrokerLinks;
  readonly #conflicts: ConflictLog;
  /** What happened, by effect of `step` or reason of a refusal. */
  readonly #counters = new Counters();
  /** How long the ticks took that came to something. */
  readonly #ticks = new Histogram(BOUNDS.tick);
  readonly #ingress: Ingress;
  readonly #eventHandler: EventHandler;
  readonly #damper: LoopDamper;
  readonly #dispatcher: Dispatcher;
  readonly #committer: Committer;
  readonly #markers: Markers;
  readonly #verifier: Verifier;
  readonly #sessions: Sessions;
  readonly #periodicTasks: PeriodicTasks;
  readonly #firstContact: FirstContact;
  readonly #drain: Drain;
  readonly #events = new Subject<TopicEvent>();
  /** A broker's replay is over. */
  readonly #replayed = new Subject<void>();
  #sampling: Subscription;

  constructor(deps: ReconcilerDeps) {
    const { settings, brokers, replica, decoders, store, step, state, log, heap } = deps;
    const table = new TopicTable(policiesOf(settings, brokers.length, decoders), brokers.length, step);
    const links = new BrokerLinks(deps, table, state.metadata);
    const clock = new HybridClock(replica, settings.maxDrift);
    const conflicts = new ConflictLog(decoders);
    const counters = this.#counters;
    const ticks = this.#ticks;
    const apply = (topic: string, event: Event) => this.#eventHandler.apply(topic, event);
    const bring = (topic: string, event: Event) => this.#events.next({ topic, event });
    const damper = new LoopDamper({
      release: topic => this.#tick(new Set([topic])),
      drop: topic => this.#eventHandler.apply(topic, { kind: 'withheld' }),
      log,
    });
    const blockedOrNot = (topic: string) => table.recount(topic);
    const dispatcher = new Dispatcher({ table, clock, apply, blockedOrNot, damper, log });
    const markers = new Markers({ table, links, dispatcher, save: () => this.#committer.save() });
    const committer = new Committer({ store, table, links, markers, log });
    const verifier = new Verifier({ table, clock, bring, dispatcher, log });
    const { topics, memory = defaultMemory(heap) } = settings.bounds;
    const room = { topics, bytes: memory };
    const admission = new Admission({ table, links, room, log });
    const payloads = settings.hidesPayloads ? 'hidden' : 'shown';
    const trash = new Trash({ clock, bring });
    table.replaced = (topic, winner, by, event) => trash.replaced(topic, winner, by, event.kind);
    table.blockedAt = topic => links.blocking(topic);
    table.scannedAt = topic => links.doubting(topic);
    table.heldBefore = links;
    for (const broker of brokers) links.add(broker, settings);
    this.#store = store;
    this.table = table;
    this.#links = links;
    this.#clock = clock;
    this.#conflicts = conflicts;
    this.#damper = damper;
    this.#dispatcher = dispatcher;
    this.#committer = committer;
    this.#markers = markers;
    this.#verifier = verifier;
    this.#ingress = new Ingress({ table, clock, verifier, bring, admission });
    this.#eventHandler = new EventHandler({ table, links, conflicts, trash, dispatcher, damper, counters });
    this.#sessions = new Sessions({ table, dispatcher, verifier, committer, apply, bring, log });
    this.#periodicTasks = new PeriodicTasks({
      table,
      links,
      clock,
      dispatcher,
      verifier,
      committer,
      apply,
      bring,
    });
    this.inspector = new Inspector({
      replica,
      table,
      links,
      admission,
      conflicts,
      damper,
      trash,
      counters,
      committer,
      ticks,
      payloads,
    });
    this.#drain = new Drain(links);
    this.#sampling = this.#sample(settings);
    this.#firstContact = new FirstContact(links, () => this.#open());
    this.#load(soundTopics(state, { bounds: settings.bounds, counters, log }), heap);
    admission.loaded();
  }

  /** Counts of what happened, by effect of `step` or reason of a refusal. */
  get counters(): Readonly<Record<string, number>> {
    return this.#counters.counts;
  }

  /** Takes the port to a broker's worker, in place of an earlier one. */
  attach(broker: number, port: Port<ToBroker, FromBroker>): void {
    const link = this.#links.at(broker);
    this.#sessions.parted(link);
    link.attach(port, message => {
      this.#receive(link, message);
      this.#markers.follow();
    });
    this.#links.start(link);
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
      const link = this.#links.find(index) ?? this.#links.add({ name, rank }, settings);
      link.rank = rank;
      link.antiEntropy.period = settings.scanPeriod;
      link.guard.bound = settings.deletionGuard;
      link.former ??= former;
      if (isRemoved) {
        this.#links.remove(link);
        this.#sessions.ended(link);
      } else {
        link.isRemoved = false;
      }
    }
    this.#store.useBrokers(brokers.map(({ name }) => name));
    this.#sampling = this.#sample(settings);
    this.#firstContact.endIfAllSeen();
    for (const link of this.#links) if (link.ready) this.#offerAll(link);
    this.#periodicTasks.keep();
  }

  /**
   * A person has decided about the deletions that are held at a broker. Returns how many topics that concerns; null where
   * there is no such broker.
   */
  decideDeletions(broker: string, decision: Decision): number | null {
    const link = [...this.#links].find(({ name, isRemoved }) => name === broker && !isRemoved);
    if (link === undefined) return null;
    const count = this.#verifier.decided(link, decision);
    this.#committer.save();
    this.#periodicTasks.keep();
    return count;
  }

  /**
   * Sends what is waiting, as far as brokers take it within so many milliseconds, then ends. Returns what the brokers
   * that are connected have not taken.
   */
  async stop(within: number): Promise<readonly Undelivered[]> {
    this.#firstContact.end();
    this.#events.complete();
    this.#periodicTasks.end();
    this.#markers.end(this.#store.isLasting ? 'written' : 'erased');
    this.#committer.save();
    const left = await this.#drain.empty(within);
    await this.#committer.finish();
    this.close();
    return left;
  }

  /** Ends at once; what is not stored is lost. */
  close(): void {
    this.#sampling.unsubscribe();
    this.#firstContact.close();
    this.#periodicTasks.close();
    this.#markers.close();
    this.#damper.close();
    for (const link of this.#links) link.close();
    this.inspector.close();
  }

  #load(topics: Iterable<TopicEntry>, heap: number | undefined): void {
    for (const [topic, stored] of topics) {
      this.table.load(topic, stored);
      assertFits(this.table.usage.bytes, heap);
      const { register } = stored;
      if (register.winner !== undefined) this.#clock.resume(register.winner.version);
    }
    this.#periodicTasks.keep();
  }

  // ── in: from a broker's worker ─────────────────────────────────────────────────────────────────────

  #receive(link: BrokerLink, message: FromBroker): void {
    switch (message.kind) {
      case 'session':
        this.#sessions.begun(link, message);
        return;
      case 'observations':
        this.#ingress.observed(link, message);
        link.credit(1);
        if (link.hasProbes) this.#committer.save();
        this.#periodicTasks.keep();
        return;
      case 'replayed':
        this.#sessions.replayed(link, message);
        this.#firstContact.endIfAllSeen();
        if (this.#links.areKnown) this.#replayed.next();
        this.#offerAll(link);
        this.#periodicTasks.keep();
        return;
      case 'publish-results':
        this.#sessions.settled(link, message);
        this.#periodicTasks.keep();
        this.#pump(link);
        this.#drain.check();
        return;
      case 'found':
        this.#ingress.found(link, message.answers);
        this.#committer.save();
        // What was found is new, maybe: then the marker is to follow.
        this.#periodicTasks.keep();
        return;
      case 'scanned':
        this.#ingress.shown(link, message.batch);
        this.#committer.save();
        return;
      case 'full-scan-ended':
        this.#verifier.fullScanEnded(link, message);
        this.#committer.save();
        this.#pump(link);
        return;
      case 'suspended':
        this.#withhold();
        return;
      case 'read-access':
        this.#verifier.proved(link, message);
        this.#committer.save();
        this.#periodicTasks.keep();
        return;
      case 'disconnected':
        this.#sessions.parted(link);
        this.#drain.check();
        return;
    }
  }

  // ── through: to the topics, and what changed at the tick ───────────────────────────────────────────

  #sample({ mergeFrequency }: ReconcilerSettings): Subscription {
    return this.#events
      .pipe(
        scanByKey(
          ({ topic }) => topic,
          (topic, { event }) => this.#eventHandler.apply(topic, event),
        ),
        sampleChanged(1000 / mergeFrequency, asyncScheduler, this.#replayed),
      )
      .subscribe(topics => this.#tick(topics));
  }

  // ── out: to the brokers' workers ───────────────────────────────────────────────────────────────────

  /** What changed since the last tick goes to every broker that lacks it. */
  #tick(topics: ReadonlySet<string>): void {
    const begin = performance.now();
    for (const link of this.#links) {
      if (!link.ready) continue;
      for (const topic of topics) link.due.add(topic);
      this.#dispatcher.offer(link);
    }
    this.#committer.save();
    this.#ticks.observe((performance.now() - begin) / 1000);
  }

  /** What waits to be passed on has waited while the process was suspended. */
  #withhold(): void {
    const waiting: string[] = [];
    for (const [topic, { register }] of this.table.states.entries()) {
      if (register.transient !== undefined) waiting.push(topic);
    }
    for (const topic of waiting) this.#eventHandler.apply(topic, { kind: 'withheld' });
  }

  /** Sends a broker what waits for it. */
  #pump(link: BrokerLink): void {
    if (this.#dispatcher.offer(link) || link.hasProbes) this.#committer.save();
  }

  /** Sends a broker whatever it may lack. */
  #offerAll(link: BrokerLink): void {
    for (const [topic, { register, policy }] of this.table.states.entries()) {
      if (policy.publish !== 0 && lacks(register, link.index)) link.due.add(topic);
    }
    this.#pump(link);
  }

  /** The first contact is over: from now on brokers are published to. */
  #open(): void {
    this.#dispatcher.isOpen = true;
    for (const link of this.#links) this.#pump(link);
  }
}

function policiesOf({ filters }: ReconcilerSettings, brokers: number, decoders: Partial<Decoders>): Policies {
  return new Policies(filters, brokers, chain => compileMergeChain(chain, decoders));
}
