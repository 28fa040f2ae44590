/**
 * The supervisor: starts the actors, joins them by ports, restarts the one that crashed, and stops them in
 * order. No MQTT message flows through it.
 */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { randomClientId } from '../broker/client-id.ts';
import type { Config } from '../config/config.ts';
import type {
  BrokerSettings,
  ControlOfBroker,
  ControlOfReconciler,
  LinkState,
  LogLevel,
  ReconcilerSettings,
  Report,
} from '../protocol/messages.ts';
import type {
  BrokerAnswers,
  BrokerQuestion,
  ReconcilerAnswers,
  ReconcilerQuestion,
} from '../protocol/questions.ts';
import { ActorPool } from './actor-pool.ts';
import { Inquiries, NoAnswer } from './inquiries.ts';
import { LinkRecord } from './link-record.ts';
import { RestartPolicy } from './restart-policy.ts';
import { brokerSettings, rankOf, reconcilerSettings } from './settings.ts';

export type Log = (level: LogLevel, message: string) => void;

/** `stop` ends after so many milliseconds whatever happens. */
export const STOP_LIMIT = 8_000;

const QUIESCE_LIMIT = 1_000;
const DRAIN_LIMIT = 4_000;
const GOODBYE_LIMIT = 2_000;

/** One actor that runs: its control port, and the end of its task. */
interface Actor<Control> {
  readonly tell: (message: Control, transfer?: readonly MessagePort[]) => void;
  readonly ended: Promise<void>;
}

interface BrokerSlot {
  readonly settings: BrokerSettings;
  readonly rank: number;
  readonly link: LinkRecord;
  actor: Actor<ControlOfBroker> | undefined;
  quiet: (() => void) | undefined;
}

export class Replicator {
  /** Resolves when the replicator has ended: undefined after `stop`, else the reason why it gave up. */
  readonly ended: Promise<string | undefined>;
  readonly #log: Log;
  readonly #pool: ActorPool;
  readonly #restarts = new RestartPolicy();
  readonly #brokers: readonly BrokerSlot[];
  readonly #reconcilerSettings: ReconcilerSettings;
  readonly #waiting = new Set<() => void>();
  readonly #inquiries = new Inquiries();
  /** Of the reconciler, after crashes. */
  reconcilerRestarts = 0;
  #reconciler: Actor<ControlOfReconciler> | undefined;
  #stopping = false;
  #end: (reason: string | undefined) => void = () => undefined;

  constructor(config: Config, log: Log) {
    this.#log = log;
    this.#brokers = config.brokers.map(broker => ({
      settings: brokerSettings(broker, config, broker.options.clientId ?? randomClientId(broker.name)),
      rank: rankOf(broker, config.brokers),
      link: new LinkRecord(),
      actor: undefined,
      quiet: undefined,
    }));
    this.#reconcilerSettings = reconcilerSettings(config);
    this.#pool = new ActorPool(config.brokers.length + 1);
    this.ended = new Promise(resolve => {
      this.#end = resolve;
    });
  }

  start(): void {
    const ports = this.#brokers.map(() => new MessageChannel());
    this.#startReconciler(ports.map(({ port1 }) => port1));
    for (const [index, slot] of this.#brokers.entries()) {
      const channel = ports[index];
      if (channel !== undefined) this.#startBroker(slot, index, channel.port2);
    }
  }

  /** The state of the link to each broker, by name. */
  get links(): ReadonlyMap<string, LinkState> {
    return new Map(this.#brokers.map(({ settings, link }) => [settings.name, link.state]));
  }

  /** How the link to each broker is and has been, by name. */
  get linkRecords(): ReadonlyMap<string, Readonly<LinkRecord>> {
    return new Map(this.#brokers.map(({ settings, link }) => [settings.name, link]));
  }

  get isStopping(): boolean {
    return this.#stopping;
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
    const actor = this.#brokers.find(({ settings }) => settings.name === name)?.actor;
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

  /** Resolves when every broker has answered, or after so many milliseconds. */
  async answered(within: number): Promise<void> {
    const done = () => this.#brokers.every(({ link }) => link.state === 'ready' || link.state === 'refused');
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
    const ends = [this.#reconciler, ...this.#brokers.map(({ actor }) => actor)].map(actor => actor?.ended);
    await atMost(
      QUIESCE_LIMIT,
      this.#brokers.map(slot => this.#quiesce(slot)),
    );
    this.#reconciler?.tell({ kind: 'stop', within: DRAIN_LIMIT });
    await atMost(DRAIN_LIMIT + 500, [this.#reconciler?.ended]);
    for (const { actor } of this.#brokers) actor?.tell({ kind: 'stop' });
    await atMost(GOODBYE_LIMIT, ends);
    await this.#pool.destroy();
    this.#end(undefined);
  }

  // ── actors ─────────────────────────────────────────────────────────────────────────────────────────

  #startReconciler(ports: readonly MessagePort[]): void {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', (report: Report) => this.#reported(report, undefined));
    const brokers = this.#brokers.flatMap(({ settings, rank }, index) => {
      const port = ports[index];
      return port === undefined ? [] : [{ name: settings.name, rank, port }];
    });
    const task = {
      actor: 'reconciler',
      control: port2,
      brokers,
      settings: this.#reconcilerSettings,
    } as const;
    // The port closes with its other end, after what the actor said last.
    const ended = this.#pool.run(task);
    this.#reconciler = { tell: (message, transfer) => port1.postMessage(message, transfer), ended };
    this.#guard('the reconciler', ended, () => {
      this.reconcilerRestarts++;
      this.#restartReconciler();
    });
  }

  /** A new reconciler knows nothing, so every broker shows it all once more. */
  #restartReconciler(): void {
    const channels = this.#brokers.map(() => new MessageChannel());
    this.#startReconciler(channels.map(({ port1 }) => port1));
    for (const [index, { actor }] of this.#brokers.entries()) {
      const port = channels[index]?.port2;
      if (port !== undefined) actor?.tell({ kind: 'attach', port }, [port]);
    }
  }

  #startBroker(slot: BrokerSlot, index: number, reconciler: MessagePort): void {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', (report: Report) => this.#reported(report, slot));
    const task = { actor: 'broker', control: port2, reconciler, settings: slot.settings } as const;
    const ended = this.#pool.run(task);
    slot.actor = { tell: (message, transfer) => port1.postMessage(message, transfer), ended };
    this.#guard(slot.settings.name, ended, () => {
      slot.link.restarts++;
      const channel = new MessageChannel();
      this.#reconciler?.tell({ kind: 'attach', broker: index, port: channel.port1 }, [channel.port1]);
      this.#startBroker(slot, index, channel.port2);
    });
  }

  #guard(name: string, ended: Promise<void>, restart: () => void): void {
    ended.catch((error: Error) => {
      if (this.#stopping) return;
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
        if (!this.#stopping) restart();
      }, wait);
    });
  }

  #giveUp(reason: string): void {
    this.#stopping = true;
    for (const look of [...this.#waiting]) look();
    this.#log('error', reason);
    void this.#pool.destroy().then(() => this.#end(reason));
  }

  // ── reports ────────────────────────────────────────────────────────────────────────────────────────

  #reported(report: Report, slot: BrokerSlot | undefined): void {
    switch (report.kind) {
      case 'log':
        this.#log(report.level, report.message);
        return;
      case 'link':
        slot?.link.enter(report.state, report.detail);
        for (const look of [...this.#waiting]) look();
        return;
      case 'answer':
        this.#inquiries.answered(report);
        return;
      case 'quiet':
        slot?.quiet?.();
        return;
      case 'fatal':
        this.#giveUp(report.reason);
        return;
      case 'counters':
        this.#log('debug', `${slot?.settings.name ?? 'reconciler'}: ${JSON.stringify(report.counters)}`);
        return;
    }
  }

  #quiesce(slot: BrokerSlot): Promise<void> {
    return new Promise(resolve => {
      slot.quiet = resolve;
      slot.actor?.tell({ kind: 'quiesce' });
    });
  }
}

/** Waits for all, whether they succeed or fail, but no longer than so many milliseconds. */
async function atMost(
  milliseconds: number,
  promises: readonly (Promise<unknown> | undefined)[],
): Promise<void> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise(resolve => {
    limit = setTimeout(resolve, milliseconds);
  });
  await Promise.race([Promise.allSettled(promises), late]);
  clearTimeout(limit);
}
