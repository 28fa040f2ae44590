/**
 * The supervisor: starts the actors, joins them by ports, restarts the one that crashed, and stops them in
 * order. No MQTT message flows through it.
 */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Config } from '../config/config.ts';
import type {
  ControlOfBroker,
  ControlOfReconciler,
  LinkState,
  LogLevel,
  Mode,
  Report,
  Undelivered,
} from '../protocol/messages.ts';
import type {
  BrokerAnswers,
  BrokerQuestion,
  ReconcilerAnswers,
  ReconcilerQuestion,
} from '../protocol/questions.ts';
import { ActorPool, type ActorTask } from './actor-pool.ts';
import { atMost } from './at-most.ts';
import { type Actor, BrokerSlot, isSameConnection, settingsOf } from './broker-slot.ts';
import { Inquiries, NoAnswer } from './inquiries.ts';
import type { LinkRecord } from './link-record.ts';
import { RestartPolicy } from './restart-policy.ts';
import { Roster } from './roster.ts';
import { reconcilerSettings } from './settings.ts';

/** `at`: when it was said, in milliseconds since 1970; now, unless an actor said it. */
export type Log = (level: LogLevel, message: string, at?: number) => void;

/** `stop` ends after so many milliseconds whatever happens. */
export const STOP_LIMIT = 8_000;

const QUIESCE_LIMIT = 1_000;
const DRAIN_LIMIT = 4_000;
const GOODBYE_LIMIT = 2_000;
const CONFIGURE_LIMIT = 5_000;

/** An actor that is started again when it crashes, as long as it is wanted. */
interface Guarded {
  readonly name: string;
  readonly isWanted: () => boolean;
  readonly restart: () => void;
}

export class Replicator {
  /**
   * Resolves when the replicator has ended: undefined after a `stop` that delivered all, else the reason why it gave
   * up, or what it left undelivered.
   */
  readonly ended: Promise<string | undefined>;
  readonly #log: Log;
  readonly #pool = new ActorPool();
  readonly #restarts = new RestartPolicy();
  #config: Config;
  #roster: Roster;
  /** By name. */
  #brokers: ReadonlyMap<string, BrokerSlot>;
  #configured: (() => void) | undefined;
  /** As the reconciler said at its end. */
  #undelivered: readonly Undelivered[] | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #inquiries = new Inquiries();
  /** Of the reconciler, after crashes. */
  reconcilerRestarts = 0;
  #reconciler: Actor<ControlOfReconciler> | undefined;
  readonly #mode: Mode;
  #stopping = false;
  #end: (reason: string | undefined) => void = () => undefined;

  constructor(config: Config, log: Log, mode: Mode = 'replicate') {
    this.#log = log;
    this.#mode = mode;
    this.#config = config;
    this.#roster = Roster.of(config);
    this.#brokers = new Map(
      config.brokers.map(broker => [
        broker.name,
        new BrokerSlot(settingsOf(broker, config, undefined, mode)),
      ]),
    );
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
    const roster = this.#roster.next(config);
    if (roster === undefined) {
      throw new RangeError('no more brokers can be added before a restart: those removed keep their places');
    }
    this.#config = config;
    this.#roster = roster;
    const planned = config.brokers.map(broker => {
      const known = this.#brokers.get(broker.name);
      const settings = settingsOf(broker, config, known?.settings, this.#mode);
      const stands = known !== undefined && isSameConnection(known.settings, settings);
      return { slot: stands ? known : new BrokerSlot(settings, known?.link), settings };
    });
    const slots = planned.map(({ slot }) => slot);
    const leaving = [...this.#brokers.values()].filter(slot => !slots.includes(slot));
    this.#brokers = new Map(slots.map(slot => [slot.name, slot]));
    await Promise.all(leaving.map(slot => slot.dismiss()));
    await this.#configureReconciler();
    if (this.#stopping) return;
    for (const { slot, settings } of planned) {
      if (slot.actor === undefined) this.#launch(slot);
      else slot.change(settings);
    }
  }

  /** The state of the link to each broker, by name. */
  get links(): ReadonlyMap<string, LinkState> {
    return new Map([...this.#brokers].map(([name, { link }]) => [name, link.state]));
  }

  /** How the link to each broker is and has been, by name. */
  get linkRecords(): ReadonlyMap<string, Readonly<LinkRecord>> {
    return new Map([...this.#brokers].map(([name, { link }]) => [name, link]));
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  /** Hz. */
  get mergeFrequency(): number {
    return this.#config.mergeFrequency;
  }

  /**
   * Asks the actor of a broker.
   * @param within milliseconds
   * @throws {NoAnswer} (rejects)
   */
  async askBroker<Q extends BrokerQuestion>(
    name: string,
    question: Q,
    within: number,
  ): Promise<BrokerAnswers[Q['of']]> {
    const actor = this.#brokers.get(name)?.actor;
    if (actor === undefined) throw new NoAnswer(`there is no actor of ${name}`);
    const send = (id: number) => actor.tell({ kind: 'ask', id, question });
    return (await this.#inquiries.ask(send, within)) as BrokerAnswers[Q['of']];
  }

  /** Asks the reconciler; as `askBroker`. */
  async askReconciler<Q extends ReconcilerQuestion>(
    question: Q,
    within: number,
  ): Promise<ReconcilerAnswers[Q['of']]> {
    const actor = this.#reconciler;
    if (actor === undefined) throw new NoAnswer('there is no reconciler');
    const send = (id: number) => actor.tell({ kind: 'ask', id, question });
    return (await this.#inquiries.ask(send, within)) as ReconcilerAnswers[Q['of']];
  }

  /** Whether every actor answers within so many milliseconds. */
  async isAlive(within: number): Promise<boolean> {
    const answers = await Promise.allSettled([
      this.askReconciler({ of: 'measures', conflictsAfter: Number.POSITIVE_INFINITY }, within),
      ...[...this.#brokers.keys()].map(name => this.askBroker(name, { of: 'measures' }, within)),
    ]);
    return answers.every(({ status }) => status === 'fulfilled');
  }

  /** Resolves when every broker has answered, or after so many milliseconds. */
  async answered(within: number): Promise<void> {
    const done = () =>
      [...this.#brokers.values()].every(({ link }) => link.state === 'ready' || link.state === 'refused');
    await new Promise<void>(resolve => {
      const look = () => {
        if (!done() && !this.#stopping) return;
        clearTimeout(limit);
        this.#waiting.delete(look);
        resolve();
      };
      const limit = setTimeout(() => {
        this.#waiting.delete(look);
        resolve();
      }, within);
      this.#waiting.add(look);
      look();
    });
  }

  /** Takes no more in, sends what is waiting, says goodbye, ends. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    // Nobody waits for answers any more.
    for (const look of [...this.#waiting]) look();
    const brokers = [...this.#brokers.values()];
    const ends = [this.#reconciler, ...brokers.map(({ actor }) => actor)].map(actor => actor?.ended);
    await atMost(
      QUIESCE_LIMIT,
      brokers.map(slot => slot.quiesce()),
    );
    this.#reconciler?.tell({ kind: 'stop', within: DRAIN_LIMIT });
    await atMost(DRAIN_LIMIT + 500, [this.#reconciler?.ended]);
    const failure = this.#reconciler === undefined ? undefined : this.#whatWasLeft();
    if (failure !== undefined) this.#log('warn', failure);
    for (const { actor } of brokers) actor?.tell({ kind: 'stop' });
    await atMost(GOODBYE_LIMIT, ends);
    await this.#pool.destroy();
    this.#end(failure);
  }

  // ── actors ─────────────────────────────────────────────────────────────────────────────────────────

  /** Returns the ports for the brokers, in the order of their indexes. */
  #startReconciler(): readonly MessagePort[] {
    // It knows no broker by index yet, so that vacant indexes can be done without.
    this.#roster = Roster.of(this.#config);
    const { names, places } = this.#roster;
    const channels = places.map(place => ({ place, ...new MessageChannel() }));
    const actor = this.#run<ControlOfReconciler>(
      control => ({
        actor: 'reconciler',
        control,
        brokers: channels.map(({ place, port1 }) => ({ name: place.name, rank: place.rank, port: port1 })),
        settings: reconcilerSettings(this.#config, names, this.#mode),
      }),
      report => this.#reported(report, undefined),
    );
    this.#reconciler = actor;
    this.#guard(actor, {
      name: 'the reconciler',
      isWanted: () => true,
      restart: () => {
        this.reconcilerRestarts++;
        this.#restartReconciler();
      },
    });
    return channels.map(({ port2 }) => port2);
  }

  /** A new reconciler knows nothing, so every broker shows it all once more. */
  #restartReconciler(): void {
    this.#configured?.();
    const ports = this.#startReconciler();
    for (const slot of this.#brokers.values()) {
      const port = this.#portFor(slot, ports);
      slot.actor?.tell({ kind: 'attach', port }, [port]);
    }
  }

  #portFor({ name }: BrokerSlot, ports: readonly MessagePort[]): MessagePort {
    const port = ports[this.#roster.indexOf(name)];
    if (port === undefined) throw new RangeError(`there is no port for ${name}`);
    return port;
  }

  async #configureReconciler(): Promise<void> {
    const done = new Promise<void>(resolve => {
      this.#configured = resolve;
    });
    const settings = reconcilerSettings(this.#config, this.#roster.names, this.#mode);
    this.#reconciler?.tell({ kind: 'configure', settings, brokers: this.#roster.places });
    await atMost(CONFIGURE_LIMIT, [done]);
    this.#configured = undefined;
  }

  /** Starts a broker's actor, and lets the reconciler know it. */
  #launch(slot: BrokerSlot): void {
    const { port1, port2 } = new MessageChannel();
    const broker = this.#roster.indexOf(slot.name);
    this.#reconciler?.tell({ kind: 'attach', broker, port: port1 }, [port1]);
    this.#startBroker(slot, port2);
  }

  #startBroker(slot: BrokerSlot, reconciler: MessagePort): void {
    const { settings } = slot;
    const actor = this.#run<ControlOfBroker>(
      control => ({ actor: 'broker', control, reconciler, settings }),
      report => this.#reported(report, slot),
    );
    slot.actor = actor;
    slot.link.actors++;
    this.#guard(actor, {
      name: slot.name,
      isWanted: () => slot.actor === actor,
      restart: () => {
        slot.link.restarts++;
        this.#launch(slot);
      },
    });
  }

  #run<Control>(
    task: (control: MessagePort) => ActorTask,
    reported: (report: Report) => void,
  ): Actor<Control> {
    const { port1, port2 } = new MessageChannel();
    // The port closes with its other end, after what the actor said last.
    port1.on('message', reported);
    const { ended, kill } = this.#pool.run(task(port2));
    return { tell: (message, transfer) => port1.postMessage(message, transfer), ended, kill };
  }

  #guard({ ended }: Pick<Actor<unknown>, 'ended'>, { name, isWanted, restart }: Guarded): void {
    ended.catch((error: Error) => {
      if (this.#stopping || !isWanted()) return;
      const wait = this.#restarts.crashed(Date.now(), Math.random());
      if (wait === 'give up') {
        this.#giveUp(`too many crashes within a minute, the last one of ${name}: ${error.message}`);
        return;
      }
      this.#log(
        'error',
        `${name} crashed and is started again in ${wait} ms: ${error.stack ?? error.message}`,
      );
      setTimeout(() => {
        if (!this.#stopping && isWanted()) restart();
      }, wait);
    });
  }

  #whatWasLeft(): string | undefined {
    const fate = this.#config.store === 'memory' ? 'it is lost' : 'it is sent at the next start';
    if (this.#undelivered === undefined) return 'what waited was not delivered in time';
    if (this.#undelivered.length === 0) return undefined;
    const brokers = this.#undelivered.map(
      ({ name, messages }) => `${name} has not taken ${messages} messages in time`,
    );
    return `${brokers.join(', ')}; ${fate}`;
  }

  #giveUp(reason: string): void {
    this.#stopping = true;
    for (const look of [...this.#waiting]) look();
    this.#log('error', reason);
    void this.#pool.destroy().then(() => this.#end(reason));
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
        for (const look of [...this.#waiting]) look();
        return;
      case 'answer':
        this.#inquiries.answered(report);
        return;
      case 'quiet':
        slot?.quiet?.();
        return;
      case 'configured':
        this.#configured?.();
        return;
      case 'undelivered':
        this.#undelivered = report.undelivered;
        return;
      case 'fatal':
        this.#giveUp(report.reason);
        return;
      case 'counters':
        this.#log('debug', `${slot?.settings.name ?? 'reconciler'}: ${JSON.stringify(report.counters)}`);
        return;
    }
  }
}
