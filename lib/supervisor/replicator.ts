/**
 * The supervisor: starts the actors, joins them by ports, restarts the one that crashed, and stops them in
 * order. No MQTT message flows through it.
 */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Config } from '../config/config.ts';
import type { ControlOfBroker, ControlOfReconciler, Log, Report } from '../protocol/messages.ts';
import type { Mode } from '../protocol/settings.ts';
import type {
  BrokerRequest,
  BrokerResponses,
  ReconcilerRequest,
  ReconcilerResponses,
} from '../protocol/requests.ts';
import { type Actor, Actors } from './actors.ts';
import { allSettledWithin } from './all-settled-within.ts';
import { BrokerIndex } from './broker-index.ts';
import { type BrokerSlot, type PlannedSlot, planSlots } from './broker-slot.ts';
import { ConditionWaiter } from './condition-waiter.ts';
import type { LinkRecord } from './link-record.ts';
import { NoResponseError, PendingRequests } from './pending-requests.ts';
import { newProcessName } from './process-name.ts';
import { ReconcilerSlot } from './reconciler-slot.ts';
import { reconcilerSettings } from './settings.ts';

/** `stop` ends after so many milliseconds whatever happens. */
export const STOP_LIMIT = 8_000;

const QUIESCE_LIMIT = 1_000;
const GOODBYE_LIMIT = 2_000;

export class Replicator {
  /**
   * Resolves when the replicator has ended: undefined after a `stop` that delivered all, else the reason why it gave
   * up, or what it left undelivered.
   */
  readonly ended: Promise<string | undefined>;
  readonly #log: Log;
  readonly #actors: Actors;
  #config: Config;
  #brokerIndex: BrokerIndex;
  /** By name. */
  #brokers: ReadonlyMap<string, BrokerSlot>;
  readonly #reconciler = new ReconcilerSlot();
  readonly #conditions = new ConditionWaiter();
  readonly #pendingRequests = new PendingRequests();
  readonly #mode: Mode;
  /** What this process is called. */
  readonly #process = newProcessName();
  #stopping = false;
  #isMisconfigured = false;
  #end: (reason: string | undefined) => void = () => undefined;

  constructor(config: Config, log: Log, mode: Mode = 'replicate') {
    this.#log = log;
    this.#mode = mode;
    this.#actors = new Actors({ log, giveUp: reason => this.#giveUp(reason) });
    this.#config = config;
    this.#brokerIndex = BrokerIndex.of(config);
    this.#brokers = byName(planSlots(config, new Map(), mode, this.#process));
    this.ended = new Promise(resolve => {
      this.#end = resolve;
    });
  }

  start(): void {
    const ports = this.#startReconciler();
    for (const slot of this.#brokers.values()) this.#startBroker(slot, this.#portFor(slot, ports));
  }

  /**
   * Goes on with another configuration. Connections that it does not change stand, and all that is known of topics
   * stays. Where the store and control topics are is not changed. Not to be called again before it resolves.
   * @throws RangeError when there is no index for another broker; then all is as before
   */
  async reconfigure(config: Config): Promise<void> {
    const roster = this.#brokerIndex.next(config);
    if (roster === undefined) {
      throw new RangeError('no more brokers can be added before a restart: those removed keep their places');
    }
    this.#config = config;
    this.#brokerIndex = roster;
    const planned = planSlots(config, this.#brokers, this.#mode, this.#process);
    const before = this.#brokers;
    this.#brokers = byName(planned);
    const leaving = [...before].filter(([name, slot]) => slot !== this.#brokers.get(name));
    await Promise.all(leaving.map(([, slot]) => slot.dismiss()));
    // If it was started again meanwhile, it has a roster of its own.
    const { names, places } = this.#brokerIndex;
    await this.#reconciler.configure(reconcilerSettings(config, names, this.#mode), places);
    if (this.#stopping) return;
    for (const { slot, settings } of planned) {
      if (slot.actor === undefined) this.#launch(slot);
      else slot.change(settings);
    }
  }

  /** How the link to each broker is and has been, by name. */
  get links(): ReadonlyMap<string, Readonly<LinkRecord>> {
    return new Map([...this.#brokers].map(([name, { link }]) => [name, link]));
  }

  /** Of the reconciler, after crashes. */
  get reconcilerRestarts(): number {
    return this.#reconciler.restarts;
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  /** It gave up, and will at each start until the user changes something. */
  get isMisconfigured(): boolean {
    return this.#isMisconfigured;
  }

  /** Hz. */
  get mergeFrequency(): number {
    return this.#config.mergeFrequency;
  }

  /**
   * Asks the actor of a broker.
   * @param within milliseconds
   * @throws {NoResponseError} (rejects)
   */
  async askBroker<Q extends BrokerRequest>(
    name: string,
    request: Q,
    within: number,
  ): Promise<BrokerResponses[Q['kind']]> {
    const actor = this.#brokers.get(name)?.actor;
    if (actor === undefined) throw new NoResponseError(`there is no actor of ${name}`);
    const send = (id: number) => actor.tell({ kind: 'request', id, request });
    return (await this.#pendingRequests.ask(send, within)) as BrokerResponses[Q['kind']];
  }

  /** Asks the reconciler; as `askBroker`. */
  async askReconciler<Q extends ReconcilerRequest>(
    request: Q,
    within: number,
  ): Promise<ReconcilerResponses[Q['kind']]> {
    const { actor } = this.#reconciler;
    if (actor === undefined) throw new NoResponseError('there is no reconciler');
    const send = (id: number) => actor.tell({ kind: 'request', id, request });
    return (await this.#pendingRequests.ask(send, within)) as ReconcilerResponses[Q['kind']];
  }

  /** Whether every actor answers within so many milliseconds. */
  async isAlive(within: number): Promise<boolean> {
    const answers = await Promise.allSettled([
      this.askReconciler({ kind: 'measures', conflictsAfter: Number.POSITIVE_INFINITY }, within),
      // One that rests cannot answer, and a restart of the process would not help it.
      ...[...this.#brokers.values()]
        .filter(slot => !slot.isParked)
        .map(({ name }) => this.askBroker(name, { kind: 'measures' }, within)),
    ]);
    return answers.every(({ status }) => status === 'fulfilled');
  }

  /** Resolves when every broker has answered, or after so many milliseconds. */
  async answered(within: number): Promise<void> {
    const haveAnswered = () => [...this.#brokers.values()].every(slot => slot.hasAnswered);
    await this.#conditions.until(() => this.#stopping || haveAnswered(), within);
  }

  /** Takes no more in, sends what is waiting, says goodbye, ends. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#restartNone();
    const brokers = [...this.#brokers.values()];
    const ends = [this.#reconciler, ...brokers].map(({ actor }) => actor?.ended);
    const quiet = brokers.map(slot => slot.quiesce());
    await allSettledWithin(QUIESCE_LIMIT, quiet);
    const failure = await this.#reconciler.drain(this.#config.store);
    if (failure !== undefined) this.#log('warn', failure);
    for (const { actor } of brokers) actor?.tell({ kind: 'stop' });
    await allSettledWithin(GOODBYE_LIMIT, ends);
    await this.#actors.destroy();
    this.#end(failure);
  }

  // ── actors ─────────────────────────────────────────────────────────────────────────────────────────

  /** Returns the ports for the brokers, in the order of their indexes. */
  #startReconciler(): readonly MessagePort[] {
    // It knows no broker by index yet, so that vacant indexes can be done without.
    this.#brokerIndex = BrokerIndex.of(this.#config);
    const { names, places } = this.#brokerIndex;
    const channels = places.map(place => ({ place, ...new MessageChannel() }));
    this.#reconciler.actor = this.#actors.run<ControlOfReconciler>({
      name: 'the reconciler',
      task: control => ({
        actor: 'reconciler',
        control,
        brokers: channels.map(({ place, port1 }) => ({ name: place.name, rank: place.rank, port: port1 })),
        settings: reconcilerSettings(this.#config, names, this.#mode),
      }),
      reported: report => this.#reported(report, undefined),
      isWanted: () => true,
      restart: () => this.#restartReconciler(),
    });
    return channels.map(({ port2 }) => port2);
  }

  /** A new reconciler knows nothing, so every broker shows it all once more. */
  #restartReconciler(): void {
    this.#reconciler.restarts++;
    this.#reconciler.configured?.();
    const ports = this.#startReconciler();
    for (const slot of this.#brokers.values()) {
      const port = this.#portFor(slot, ports);
      slot.actor?.tell({ kind: 'attach', port }, [port]);
    }
  }

  #portFor({ name }: BrokerSlot, ports: readonly MessagePort[]): MessagePort {
    const port = ports[this.#brokerIndex.indexOf(name)];
    if (port === undefined) throw new RangeError(`there is no port for ${name}`);
    return port;
  }

  /**
   * Two names are one broker: what comes under one would go out under the other, and come back. The first one by name
   * stays.
   */
  #sameBroker(one: string, other: string): void {
    const [kept, left] = [one, other].sort();
    const slot = left === undefined ? undefined : this.#brokers.get(left);
    if (kept === undefined || slot?.actor === undefined || !this.#brokers.has(kept)) return;
    const reason = `the same broker as ${kept}`;
    this.#log(
      'error',
      `${left}: this is ${reason}, so that each message would be passed from it to itself. ${left} is parked: mqttrep connects to the broker as ${kept} only. Remove MQTTREP_CLIENT_${left} or MQTTREP_CLIENT_${kept}, or correct the URL, and reload the configuration (SIGHUP)`,
    );
    void slot.park(reason).then(() => this.#tellConnections());
  }

  /** Starts a broker's actor, and lets the reconciler know it. */
  #launch(slot: BrokerSlot): void {
    slot.link.resume();
    const { port1, port2 } = new MessageChannel();
    const broker = this.#brokerIndex.indexOf(slot.name);
    this.#reconciler.actor?.tell({ kind: 'attach', broker, port: port1 }, [port1]);
    this.#startBroker(slot, port2);
  }

  #startBroker(slot: BrokerSlot, reconciler: MessagePort): void {
    const { settings } = slot;
    const actor: Actor<ControlOfBroker> = this.#actors.run({
      name: slot.name,
      task: control => ({ actor: 'broker', control, reconciler, settings }),
      reported: report => this.#reported(report, slot),
      isWanted: () => slot.actor === actor,
      restart: () => {
        slot.link.restarts++;
        this.#launch(slot);
      },
      parked: reason => this.#parked(slot, reason),
    });
    slot.actor = actor;
    slot.link.actors++;
  }

  /** Its actor rests: the reconciler sends nothing to it meanwhile. */
  #parked(slot: BrokerSlot, reason: string): void {
    const { port1 } = new MessageChannel();
    this.#reconciler.actor?.tell(
      { kind: 'attach', broker: this.#brokerIndex.indexOf(slot.name), port: port1 },
      [port1],
    );
    this.#reported({ kind: 'link', state: 'parked', detail: reason }, slot);
  }

  #restartNone(): void {
    this.#stopping = true;
    this.#actors.restartNone();
    // Nobody waits for answers any more.
    this.#conditions.look();
  }

  #giveUp(reason: string): void {
    this.#restartNone();
    this.#log('error', reason);
    const end = () => this.#end(reason);
    this.#actors.destroy().then(end, end);
  }

  /** For the state topics at each broker. */
  #tellConnections(): void {
    if (!this.#config.stateTopics) return;
    const slots = [...this.#brokers.values()];
    const connections = Object.fromEntries(
      slots.map(({ name, isConnected }) => [name, isConnected ? 'up' : 'down'] as const),
    );
    for (const { actor } of slots) actor?.tell({ kind: 'connections', connections });
  }

  // ── reports ────────────────────────────────────────────────────────────────────────────────────────

  #reported(report: Report, slot: BrokerSlot | undefined): void {
    switch (report.kind) {
      case 'log':
        this.#log(report.level, report.message, report.at);
        return;
      case 'link':
        slot?.link.enter(report.state, report.detail);
        this.#tellConnections();
        this.#conditions.look();
        return;
      case 'response':
        this.#pendingRequests.answered(report);
        return;
      case 'same-broker':
        if (slot !== undefined) this.#sameBroker(slot.name, report.otherName);
        return;
      case 'quiesced':
        slot?.quiet?.();
        return;
      case 'configured':
        this.#reconciler.configured?.();
        return;
      case 'undelivered':
        this.#reconciler.undelivered = report.undelivered;
        return;
      case 'fatal':
        this.#isMisconfigured = report.cause === 'configuration';
        this.#giveUp(report.reason);
        return;
      case 'counters':
        this.#log('debug', `${slot?.settings.name ?? 'reconciler'}: ${JSON.stringify(report.counters)}`);
        return;
    }
  }
}

function byName(slots: readonly PlannedSlot[]): ReadonlyMap<string, BrokerSlot> {
  return new Map(slots.map(({ slot }) => [slot.name, slot]));
}
