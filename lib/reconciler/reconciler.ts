/**
 * The reconciler actor: it keeps one register for each topic, and tells each broker's worker what that broker lacks.
 *
 * A message passes these parts: `BrokerMessages` (from a broker's worker) → `ObservationReader` → `events$`. `#connectStream`
 * subscribes to `events$`: each event goes to `EventHandler.handle` at once. That applies it to the register by the core's
 * `step`. At the tick, topics that some broker may lack go to `Dispatcher.tick`. `Committer` stores them, and then sends them to
 * the workers.
 */

import { asyncScheduler, Subject, type Subscription } from 'rxjs';
import type { Decoders } from '../core/merge-order.ts';
import type { ActionResult } from '../protocol/answers.ts';
import type { Undelivered } from '../protocol/control-messages.ts';
import type { FromBroker, Port, ToBroker } from '../protocol/messages.ts';
import type { BrokerAction } from '../protocol/requests.ts';
import type { BrokerPlace, ReconcilerSettings } from '../protocol/settings.ts';
import type { TopicEntry } from '../store/state-store.ts';
import { actAt } from './broker-actions.ts';
import { BrokerMessages } from './broker-messages.ts';
import { Drain } from './drain.ts';
import { FirstContact } from './first-contact.ts';
import type { Inspector } from './inspection/inspector.ts';
import { assertFits } from './memory-bound.ts';
import { assemble, policiesOf, type ReconcilerDeps, type ReconcilerParts } from './reconciler-parts.ts';
import { sampleChanged, scanByKey } from './streams.ts';
import { soundTopics } from './topics/sound-topics.ts';
import type { TopicTable } from './topics/topic-table.ts';
import type { Decision } from './verification/absences.ts';

/** What holds from now on. */
export interface Configuration {
  readonly settings: ReconcilerSettings;
  /** By index; known brokers keep theirs. */
  readonly brokers: readonly BrokerPlace[];
  readonly decoders: Partial<Decoders>;
}

export class Reconciler {
  readonly #deps: ReconcilerDeps;
  readonly #parts: ReconcilerParts;
  readonly #firstContact: FirstContact;
  readonly #drain: Drain;
  readonly #messages: BrokerMessages;
  /** A replay is over, and all brokers have shown what they retain. */
  readonly #replayed$ = new Subject<void>();
  #sampling: Subscription;

  constructor(deps: ReconcilerDeps) {
    const { settings, state, heap, log } = deps;
    const parts = assemble(deps);
    this.#deps = deps;
    this.#parts = parts;
    this.#drain = new Drain(parts.links);
    this.#firstContact = new FirstContact(parts.links, () => {
      parts.firstContactLog.plan();
      parts.dispatcher.open();
    });
    this.#messages = new BrokerMessages(parts, {
      firstContact: this.#firstContact,
      drain: this.#drain,
      allShown: () => this.#replayed$.next(),
    });
    this.#sampling = this.#connectStream(settings);
    this.#load(soundTopics(state, { bounds: settings.bounds, counters: parts.counters, log }), heap);
    parts.admission.loaded();
  }

  get table(): TopicTable {
    return this.#parts.table;
  }

  /** Answers requests about topics and measures. */
  get inspector(): Inspector {
    return this.#parts.inspector;
  }

  /** Counts of what happened, by effect of `step` or reason of a refusal. */
  get counters(): Readonly<Record<string, number>> {
    return this.#parts.counters.counts;
  }

  /** Stores what a new replicator is. Resolves when that has succeeded or failed, or after `within` milliseconds. */
  async storeIdentity(within: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, within);
    });
    await Promise.race([this.#parts.committer.finish(), late]);
    clearTimeout(timer);
  }

  /**
   * Takes the port to a broker's worker, in place of an earlier one. At the start that is a `BufferingPort`, which stays in between
   * (workers/reconciler.ts).
   */
  attach(broker: number, port: Port<ToBroker, FromBroker>): void {
    const { links, sessions, markers } = this.#parts;
    const link = links.at(broker);
    sessions.disconnected(link);
    link.attach(port, message => {
      this.#messages.receive(link, message);
      markers.scheduleWrite();
    });
    links.start(link);
  }

  /**
   * Goes on with other settings and other brokers. Known brokers keep their indexes; registers and connections stay as they are.
   */
  configure({ settings, brokers, decoders }: Configuration): void {
    const { table, links, clock, conflicts, sessions, periodicTasks, dispatcher } = this.#parts;
    // Topics that wait for the tick are offered below, with all others.
    this.#sampling.unsubscribe();
    this.#sampling = this.#connectStream(settings);
    const former = table.configure(policiesOf(settings.filters, brokers.length, decoders), brokers.length);
    clock.maxDrift = settings.maxDrift;
    conflicts.decodeBy(decoders);
    for (const [index, { name, rank, isRemoved }] of brokers.entries()) {
      const link = links.find(index) ?? links.add({ name, rank }, settings);
      const { scanPeriod, deletionGuard } = settings;
      link.configure({ rank, scanPeriod, deletionGuard });
      link.session.filtersChanged(former);
      if (isRemoved) {
        links.remove(link);
        sessions.removed(link);
      }
    }
    this.#deps.store.useBrokers(brokers.map(({ name }) => name));
    this.#firstContact.endIfAllSeen();
    for (const link of links) if (link.session.isReady) dispatcher.offerAll(link);
    periodicTasks.schedule();
  }

  /**
   * A person has decided about the deletions that are held at a broker. Returns how many topics that concerns; null if there is
   * no such broker.
   */
  decideDeletions(broker: string, decision: Decision): number | null {
    const { links, verifier, committer, periodicTasks } = this.#parts;
    const link = links.named(broker);
    if (link === undefined) return null;
    const count = verifier.decided(link, decision);
    committer.commitAndSend();
    periodicTasks.schedule();
    return count;
  }

  /** A person wants something done at a broker now. Null if there is no such broker. */
  act(action: BrokerAction): ActionResult | null {
    const { committer, periodicTasks } = this.#parts;
    const result = actAt(this.#parts, action);
    committer.commitAndSend();
    periodicTasks.schedule();
    return result;
  }

  /**
   * Sends what waits, as far as brokers take it within so many milliseconds, then ends. Returns what connected brokers have not
   * taken.
   */
  async stop(within: number): Promise<readonly Undelivered[]> {
    const { events$, periodicTasks, markers, committer } = this.#parts;
    this.#firstContact.end();
    events$.complete();
    periodicTasks.end();
    markers.end(this.#deps.store.isLasting ? 'written' : 'deleted');
    committer.commitAndSend();
    const undelivered = await this.#drain.empty(within);
    await committer.finish();
    this.close();
    return undelivered;
  }

  /** Ends at once; what is not stored is lost. */
  close(): void {
    const { periodicTasks, markers, damper, links, inspector } = this.#parts;
    this.#sampling.unsubscribe();
    this.#firstContact.close();
    this.#parts.firstContactLog.close();
    periodicTasks.close();
    markers.close();
    damper.close();
    for (const link of links) link.worker.close();
    inspector.close();
  }

  #load(topics: Iterable<TopicEntry>, heap: number | undefined): void {
    const { table, clock, periodicTasks } = this.#parts;
    for (const [topic, stored] of topics) {
      table.load(topic, stored);
      assertFits(table.usage.bytes, heap);
      const { winner } = stored.register;
      if (winner !== undefined) clock.resume(winner.version);
    }
    periodicTasks.schedule();
  }

  /** Events go to the registers at once; topics that some broker may lack are sampled at the tick. */
  #connectStream({ mergeFrequency }: ReconcilerSettings): Subscription {
    const { events$, eventHandler, dispatcher } = this.#parts;
    return events$
      .pipe(
        scanByKey(
          ({ topic }) => topic,
          (topic, { event }) => eventHandler.handle(topic, event) === 'lacking',
        ),
        sampleChanged(1000 / mergeFrequency, asyncScheduler, this.#replayed$),
      )
      .subscribe(topics => dispatcher.tick(topics));
  }
}
