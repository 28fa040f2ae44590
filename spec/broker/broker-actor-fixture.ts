/** A broker actor with a real MessageChannel. The spec takes the place of the reconciler at its other end. */

import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { BrokerActor } from '../../lib/broker/broker-actor.ts';
import { DEFAULT_BOUNDS } from '../../lib/config/bounds.ts';
import { placesByVariables } from '../../lib/config/broker-places.ts';
import type { Subscription } from '../../lib/core/subscriptions.ts';
import { BatchReader } from '../../lib/protocol/batch.ts';
import type { Report } from '../../lib/protocol/control-messages.ts';
import type { FromBroker, Start, ToBroker } from '../../lib/protocol/messages.ts';
import { type Observation, readObservation } from '../../lib/protocol/observation.ts';
import { type PublicationParts, packedPublications } from '../support/publications.ts';

export interface FixtureOptions {
  /** The name of the broker; default `oslo`. */
  readonly name?: string;
  /** The name of the process. */
  readonly process?: string;
  readonly subscriptions?: readonly Subscription[];
  readonly options?: Readonly<Record<string, unknown>>;
  /** Default: one of its own. */
  readonly clientId?: string;
  /** The replica that writes; default `us`. */
  readonly replica?: string;
  /** Default: without a limit. */
  readonly maxLevels?: number;
  /** Default: false. */
  readonly stateTopics?: boolean;
  /** Default: no heartbeats. */
  readonly heartbeatMs?: number;
}

/** A message of the actor to the reconciler, in order. */
export type Told = Exclude<FromBroker, { kind: 'observations' }> | (Observation & { kind: 'observation' });

/** The identity that the reconciler tells. */
export const START: Start = { kind: 'start', replica: 'us', secret: 'secret', clientId: 'kept' };

/** Far more than anything here takes: a machine that runs many specs at once is slow. */
const TIMEOUT_MS = 15_000;

export class BrokerActorFixture {
  readonly actor: BrokerActor;
  readonly told: Told[] = [];
  readonly reports: Report[] = [];
  readonly #happened = new EventEmitter().setMaxListeners(0);
  readonly #ended: Promise<void>;
  readonly #replica: string;
  #port: MessagePort;
  #stopped: Promise<void> | undefined;

  constructor(url: string, fixtureOptions: FixtureOptions = {}) {
    const { name = 'oslo', subscriptions = [{ filter: '#', qos: 1 }], options = {} } = fixtureOptions;
    const { port1, port2 } = new MessageChannel();
    this.#replica = fixtureOptions.replica ?? 'us';
    this.#port = port2;
    this.#listen();
    const settings = {
      mode: 'replicate',
      name,
      process: fixtureOptions.process ?? '1-1',
      url,
      places: placesByVariables(name),
      options: { reconnectPeriod: 50, ...options },
      clientId: fixtureOptions.clientId ?? `fixture_${randomUUID()}`,
      maxQos: 2,
      maxLevels: fixtureOptions.maxLevels ?? Number.POSITIVE_INFINITY,
      maxTopicLength: Number.POSITIVE_INFINITY,
      maxPacketSize: Number.POSITIVE_INFINITY,
      maxInFlight: Number.POSITIVE_INFINITY,
      maxFilters: Number.POSITIVE_INFINITY,
      acceptsDeletions: true,
      subscriptions,
      sampling: { period: 20, newestOnly: false },
      controlPrefix: 'mqttrep',
      stateTopics: fixtureOptions.stateTopics ?? false,
      heartbeatMs: fixtureOptions.heartbeatMs ?? Number.POSITIVE_INFINITY,
      bounds: DEFAULT_BOUNDS,
    } as const;
    this.actor = new BrokerActor(settings, port1, report => {
      this.reports.push(report);
      this.#happened.emit('any');
    });
    this.#ended = this.actor.run();
    this.tell({ ...START, replica: this.#replica });
  }

  tell(message: ToBroker): void {
    this.#port.postMessage(message);
  }

  publish(session: number, ...publications: readonly PublicationParts[]): void {
    this.tell({ kind: 'publications', session, batch: packedPublications(publications) });
  }

  /** Attaches another reconciler. */
  attach(): void {
    const { port1, port2 } = new MessageChannel();
    this.#port = port2;
    this.#listen();
    this.actor.attach(port1);
    this.tell({ ...START, replica: this.#replica });
  }

  /** Resolves with the first message, earlier or later, for which the condition holds. */
  async heard<T extends Told>(condition: (told: Told) => told is T): Promise<T>;
  async heard(condition: (told: Told) => boolean): Promise<Told>;
  async heard(condition: (told: Told) => boolean): Promise<Told> {
    return await this.#until(() => this.told.find(condition), 'was not told');
  }

  /** Resolves at the end of the replay of the session with that number. */
  async replayed(session = 1, within = TIMEOUT_MS): Promise<void> {
    await this.#until(
      () => this.told.filter(({ kind }) => kind === 'caught-up').length >= session || undefined,
      'was not replayed',
      within,
    );
  }

  async reported(condition: (report: Report) => boolean): Promise<Report> {
    return await this.#until(() => this.reports.find(condition), 'was not reported');
  }

  observations(): Observation[] {
    return this.told.filter(one => one.kind === 'observation');
  }

  get kinds(): string[] {
    return this.told.map(({ kind }) => kind);
  }

  get counters(): Readonly<Record<string, number>> {
    return this.actor.counters;
  }

  /** What was logged, as text. */
  get log(): string {
    return this.reports
      .map(report => (report.kind === 'log' ? `${report.level} ${report.message}\n` : ''))
      .join('');
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      limit = setTimeout(() => {
        const told = this.kinds.slice(-20).join(', ');
        reject(new Error(`it did not stop within ${TIMEOUT_MS} ms; told: ${told}; log:\n${this.log}`));
      }, TIMEOUT_MS);
    });
    // The actor closes its end last, so that all its messages have arrived then.
    const closed = once(this.#port, 'close');
    try {
      await Promise.race([Promise.all([this.actor.stop(), this.#ended, closed]), late]);
    } finally {
      clearTimeout(limit);
      this.#port.close();
    }
  }

  #listen(): void {
    const port = this.#port;
    port.on('message', (message: FromBroker) => {
      if (message.kind === 'observations') {
        const reader = new BatchReader(message.batch);
        while (!reader.done) this.told.push({ kind: 'observation', ...readObservation(reader) });
        if (message.results !== undefined) this.told.push(message.results);
        port.postMessage({ kind: 'credit', batches: 1 } satisfies ToBroker);
      } else {
        this.told.push(message);
      }
      this.#happened.emit('any');
    });
  }

  #until<T>(find: () => T | undefined, failure: string, within = TIMEOUT_MS): Promise<T> {
    const past = find();
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#happened.off('any', look);
        reject(
          new Error(`${failure} within ${within} ms; told: ${this.kinds.slice(-20)}; log:\n${this.log}`),
        );
      }, within);
      const look = () => {
        const found = find();
        if (found === undefined) return;
        clearTimeout(limit);
        this.#happened.off('any', look);
        resolve(found);
      };
      this.#happened.on('any', look);
    });
  }
}
