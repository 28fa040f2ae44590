/** One run of the replicator, from its start to its end: its actors, and the order in which they stop. */

import type { Config } from '../config/config.ts';
import type { OwnMessage } from '../protocol/control-messages.ts';
import type { Log } from '../protocol/messages.ts';
import type { BrokerSettings, Mode } from '../protocol/settings.ts';
import { ActorLauncher } from './actor-launcher.ts';
import { ActorReports } from './actor-reports.ts';
import { ActorRequests } from './actor-requests.ts';
import { Actors } from './actors.ts';
import { allSettledWithin } from './all-settled-within.ts';
import { type BrokerSlot, type PlannedSlot, planSlots } from './broker-slot.ts';
import { ConditionWaiter } from './condition-waiter.ts';
import { EventSlot } from './event-slot.ts';
import type { LinkRecord } from './link-record.ts';
import { Pausing } from './pausing.ts';
import { ReconcilerSlot } from './reconciler-slot.ts';
import { reconcilerSettings } from './settings.ts';

const QUIESCE_TIMEOUT_MS = 1_000;
const ACTOR_END_TIMEOUT_MS = 1_000;

/** A thread that waits for the system, such as for a file of a network that is gone, cannot be ended. */
const DESTROY_TIMEOUT_MS = 250;

/** Where a broker is, and what is subscribed there. The URL may hold secrets. */
export type BrokerPlan = Pick<BrokerSettings, 'url' | 'subscriptions' | 'events' | 'rate'>;

export interface RunOptions {
  readonly config: Config;
  readonly log: Log;
  readonly mode: Mode;
  /** The name of this process. */
  readonly process: string;
  /** The run before, which has ended: the counts of its links and of its reconciler go on. */
  readonly former?: Run;
}

export class Run {
  /** As reconfigured last. */
  config: Config;
  readonly ended: Promise<string | undefined>;
  readonly reconciler: ReconcilerSlot;
  readonly events: EventSlot;
  readonly requests: ActorRequests;
  readonly #options: RunOptions;
  readonly #log: Log;
  readonly #actors: Actors;
  readonly #launcher: ActorLauncher;
  readonly #reports: ActorReports;
  readonly #conditions = new ConditionWaiter();
  /** By name. */
  #brokers: ReadonlyMap<string, BrokerSlot>;
  #state: 'new' | 'running' | 'stopping' | 'ended' = 'new';
  #isMisconfigured = false;
  #resolveEnded: (reason: string | undefined) => void = () => undefined;

  constructor(options: RunOptions) {
    const { config, log, mode, process, former } = options;
    this.#options = options;
    this.#log = log;
    this.config = config;
    this.reconciler = new ReconcilerSlot(former?.reconciler);
    this.#brokers = byName(planSlots(config, mode, process));
    for (const [name, slot] of this.#brokers) slot.link.continue(former?.links.get(name));
    this.#actors = new Actors({ log, giveUp: reason => this.#giveUp(reason) });
    this.events = new EventSlot(
      {
        actors: this.#actors,
        mode,
        config: () => this.config,
        brokers: () => this.#brokers.values(),
        reported: report => this.#reports.reportedByEvents(report),
      },
      former?.events,
    );
    this.requests = new ActorRequests(this.reconciler, this.events, () => this.#brokers);
    this.#reports = new ActorReports({
      log,
      config: () => this.config,
      brokers: () => this.#brokers,
      reconciler: this.reconciler,
      events: this.events,
      requests: this.requests,
      conditions: this.#conditions,
      giveUp: (reason, cause) => {
        this.#isMisconfigured = cause === 'configuration';
        this.#giveUp(reason);
      },
    });
    this.#launcher = new ActorLauncher({
      actors: this.#actors,
      reconciler: this.reconciler,
      events: this.events,
      mode,
      config: () => this.config,
      brokers: () => this.#brokers.values(),
      reported: (report, slot) => this.#reports.reported(report, slot),
    });
    this.ended = new Promise(resolve => {
      this.#resolveEnded = resolve;
    });
  }

  /** A new run with the same configuration, once this one has ended. */
  next(): Run {
    return new Run({ ...this.#options, config: this.config, former: this });
  }

  /** @throws Error if it was started before */
  start(): void {
    if (this.#state !== 'new') throw new Error('the replicator runs already, or is still stopping');
    this.#state = 'running';
    this.#launcher.startAll();
  }

  /** As `Replicator.reconfigure`. */
  async reconfigure(config: Config): Promise<void> {
    const { mode, process } = this.#options;
    const before = this.#brokers;
    this.#launcher.index(config);
    this.config = config;
    const planned = planSlots(config, mode, process, before);
    this.#brokers = byName(planned);
    if (this.#state !== 'running') return;
    const leaving = [...before].filter(([name, slot]) => slot !== this.#brokers.get(name));
    await Promise.all(leaving.map(([, slot]) => slot.dismiss()));
    // A reconciler that was restarted meanwhile has given the brokers other indexes.
    const { names, places } = this.#launcher.brokerIndex;
    await this.reconciler.configure(reconcilerSettings(config, names, mode), places);
    await this.events.configure(config);
    if (this.isStopping) return;
    for (const { slot, settings } of planned) {
      if (slot.actor !== undefined) slot.change(settings);
      else if (!slot.isPaused) this.#launcher.launch(slot);
    }
    this.events.startIfWanted();
  }

  /** As `Replicator.pause` and `Replicator.resume`. */
  get pausing(): Pausing {
    const isRunning = () => this.#state === 'running';
    return new Pausing({ isRunning, brokers: this.#brokers, launcher: this.#launcher, log: this.#log });
  }

  /** As `Replicator.plan`. */
  plan(name: string): BrokerPlan | undefined {
    return this.#brokers.get(name)?.settings;
  }

  get links(): ReadonlyMap<string, LinkRecord> {
    return new Map([...this.#brokers].map(([name, { link }]) => [name, link]));
  }

  publishOwn(name: string, messages: readonly OwnMessage[], which: 'changed' | 'all'): void {
    this.#brokers.get(name)?.actor?.tell({ kind: 'own-messages', messages, which });
  }

  get isStopping(): boolean {
    return this.#state === 'stopping' || this.#state === 'ended';
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  get isMisconfigured(): boolean {
    return this.#isMisconfigured;
  }

  async answered(within: number): Promise<void> {
    const haveAnswered = () => [...this.#brokers.values()].every(slot => slot.hasAnswered);
    await this.#conditions.until(() => this.isStopping || haveAnswered(), within);
  }

  async stop(): Promise<void> {
    if (this.isStopping) return;
    this.#beginStop();
    const brokers = [...this.#brokers.values()];
    const ends = brokers.map(({ actor }) => actor?.ended);
    const reconcilerEnd = this.reconciler.actor?.ended;
    const quiesced = brokers.map(slot => slot.quiesce());
    await allSettledWithin(QUIESCE_TIMEOUT_MS, quiesced);
    const [failure] = await Promise.all([this.reconciler.drain(this.config.store), this.events.end()]);
    if (failure !== undefined) this.#log('warn', failure);
    for (const { actor } of brokers) actor?.tell({ kind: 'stop' });
    // A reconciler that has told what it did not deliver closes its store now. One that has told nothing hangs.
    if (this.reconciler.undelivered !== undefined) ends.push(reconcilerEnd);
    await allSettledWithin(ACTOR_END_TIMEOUT_MS, ends);
    await allSettledWithin(DESTROY_TIMEOUT_MS, [this.#actors.destroy()]);
    this.#end(failure);
  }

  #giveUp(reason: string): void {
    if (this.hasEnded) return;
    this.#beginStop();
    this.#log('error', reason);
    void allSettledWithin(DESTROY_TIMEOUT_MS, [this.#actors.destroy()]).then(() => this.#end(reason));
  }

  #beginStop(): void {
    this.#state = 'stopping';
    this.#actors.restartNone();
    // `answered` does not wait any longer.
    this.#conditions.recheck();
  }

  /** The first reason counts: an actor may fail while the run stops. */
  #end(failure: string | undefined): void {
    if (this.hasEnded) return;
    this.#state = 'ended';
    this.requests.rejectAll('the replicator has stopped');
    this.reconciler.actor = undefined;
    this.events.actor = undefined;
    for (const slot of this.#brokers.values()) slot.actor = undefined;
    this.#resolveEnded(failure);
  }
}

function byName(slots: readonly PlannedSlot[]): ReadonlyMap<string, BrokerSlot> {
  return new Map(slots.map(({ slot }) => [slot.name, slot]));
}
