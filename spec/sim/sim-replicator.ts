/** A replicator: the real reconciler actor with a simulated store, clock, and connection to each broker. */

import { DEFAULT_BOUNDS, DEFAULT_DELETION_GUARD } from '../../lib/config/bounds.ts';
import type { FilterSettings } from '../../lib/core/policy.ts';
import { compareVersions } from '../../lib/core/version.ts';
import type { FromBroker, Port, ToBroker } from '../../lib/protocol/messages.ts';
import type { RawPublication } from '../../lib/protocol/publication.ts';
import type { DeletionBound } from '../../lib/protocol/settings.ts';
import { Reconciler } from '../../lib/reconciler/reconciler.ts';
import type { Step } from '../../lib/reconciler/topics/topic-table.ts';
import { parseJson } from '../support/payload-text.ts';
import type { LinkFaults } from './link-faults.ts';
import { CONTROL, type SimBroker } from './sim-broker.ts';
import { type Machine, NOWHERE, type SimClock } from './sim-clock.ts';
import { SimLink } from './sim-link.ts';
import { SimStore } from './sim-store.ts';

/** Anti-entropy probes each topic within so many seconds. */
export const SCAN_PERIOD = 600;

/** A replicator believes a clock that is ahead of its own by at most so many milliseconds. */
export const MAX_DRIFT = 60_000;

/** What a mutant does differently. */
export interface Mutation {
  readonly step?: Step;
  readonly store?: (latency: number) => SimStore;
  readonly scanPeriod?: number;
  readonly maxDrift?: number;
  readonly deletionGuard?: DeletionBound;
  /** It does not notice other replicators. */
  readonly isAlone?: true;
  readonly link?: LinkFaults;
  /** Replaces methods of the reconciler's classes. Returns what restores them. */
  readonly replaceMethods?: () => () => void;
  /** Changes what the reconciler and the worker of a broker tell each other. */
  readonly port?: (port: BrokerPort) => BrokerPort;
}

/** The worker's end of a broker, as the reconciler has it. */
export type BrokerPort = Port<ToBroker, FromBroker>;

export interface SimReplicatorOptions {
  readonly name: string;
  readonly brokers: readonly SimBroker[];
  readonly clock: SimClock;
  /** Milliseconds by which its clock is ahead. */
  readonly ahead: number;
  /** Hz. */
  readonly mergeFrequency: number;
  /** Milliseconds that a commit to the store takes. */
  readonly storeLatency: number;
  readonly filters: readonly Partial<FilterSettings>[];
  readonly mutation: Mutation;
}

export class SimReplicator {
  readonly machine: Machine;
  readonly links: readonly SimLink[];
  readonly log: string[] = [];
  /** The brokers at which it noticed other replicators, with their ids. */
  readonly noticed = new Map<SimBroker, Set<string>>();
  /** How often it was started. */
  lives = 0;
  /** How often its store was lost, and the replica id with it. */
  #losses = 0;
  readonly #options: SimReplicatorOptions;
  #store: SimStore;
  #reconciler: Reconciler;

  constructor(options: SimReplicatorOptions) {
    this.#options = options;
    this.machine = { ahead: options.ahead };
    this.links = options.brokers.map(
      broker =>
        new SimLink({
          broker,
          sent: publication => this.#assertStored(publication, broker),
          noticed: replica => this.#notice(broker, replica),
          faults: options.mutation.link ?? {},
        }),
    );
    this.#store = this.#newStore();
    this.#reconciler = this.#start();
    this.#connect();
  }

  get store(): SimStore {
    return this.#store;
  }

  get reconciler(): Reconciler {
    return this.#reconciler;
  }

  /**
   * The replicator is killed, and restarts with what its store holds.
   * @param lingering milliseconds after which its travelling publications arrive at the brokers; by default they are lost
   */
  crash(lingering?: number): void {
    if (lingering !== undefined) for (const link of this.links) link.linger(lingering);
    this.#options.clock.forget(this.machine);
    for (const link of this.links) link.cut();
    this.#reconciler.close();
    this.#store.crash();
    this.#reconciler = this.#start();
    this.#connect();
  }

  /** The replicator is killed, and its disk is lost. */
  loseStore(): void {
    this.#store.crash();
    this.#store = this.#newStore();
    this.#losses++;
    this.crash();
  }

  /** Its machine is suspended for so many milliseconds. Its brokers notice nothing. */
  suspend(milliseconds: number): void {
    this.#options.clock.suspend(this.machine, milliseconds);
  }

  resume(): void {
    this.#options.clock.resume(this.machine);
  }

  close(): void {
    this.#reconciler.close();
  }

  /** The time of its own clock. */
  get now(): number {
    return this.#options.clock.now + this.machine.ahead;
  }

  get replica(): string {
    return this.#losses === 0 ? this.#options.name : `${this.#options.name}-${this.#losses}`;
  }

  #newStore(): SimStore {
    const { storeLatency, mutation } = this.#options;
    return mutation.store?.(storeLatency) ?? new SimStore(storeLatency);
  }

  #connect(): void {
    for (const link of this.links) link.connect();
  }

  #start(): Reconciler {
    this.lives++;
    return this.#options.clock.on(this.machine, () => this.#newReconciler());
  }

  #newReconciler(): Reconciler {
    const { brokers, filters, mergeFrequency, mutation, clock } = this.#options;
    const all = 2 ** brokers.length - 1;
    const store = this.#store;
    const reconciler = new Reconciler({
      settings: {
        controlPrefix: 'mqttrep',
        filters: filters.map(filter => ({ filter: '#', subscribe: all, publish: all, ...filter })),
        mergeFrequency,
        scanPeriod: mutation.scanPeriod ?? SCAN_PERIOD,
        maxDrift: mutation.maxDrift ?? MAX_DRIFT,
        deletionGuard: mutation.deletionGuard ?? DEFAULT_DELETION_GUARD,
        bounds: DEFAULT_BOUNDS,
        store: { kind: 'memory' },
        hidesPayloads: false,
        mode: 'replicate',
      },
      replica: this.replica,
      secret: `secret of ${this.replica}`,
      newClientId: broker => broker,
      decoders: { json: parseJson },
      brokers: brokers.map(({ name }, index) => ({ name, rank: brokers.length - index })),
      store,
      state: store.state,
      ...(mutation.step === undefined ? {} : { step: mutation.step }),
      log: (_level, message) => this.log.push(message),
    });
    for (const [index, link] of this.links.entries()) {
      const port = mutation.port?.(link.port()) ?? link.port();
      reconciler.attach(index, {
        ...port,
        on: (event, listener) =>
          port.on(event, message => clock.deliver(this.machine, () => listener(message))),
        // Messages travel on while the machine is suspended.
        postMessage: message => clock.on(NOWHERE, () => port.postMessage(message)),
      });
    }
    return reconciler;
  }

  /**
   * I8: a publication was stored before, so that it is known as ours after a crash, unless the disk is full. Over MQTT 5 a later
   * winner may be stored in its place: the stamp of the publication tells that it is older.
   */
  #assertStored({ topic, version, retain }: RawPublication, { mqtt5, liveFlag }: SimBroker): void {
    if (topic.startsWith(CONTROL) || !retain || this.#store.isFull) return;
    const stored = this.#store.state.topics.get(topic)?.register;
    const pending = stored?.pending.map(({ message }) => message) ?? [];
    const winner = stored?.winner;
    // Another replicator's copy of the same version may have confirmed it meanwhile.
    const known = [...pending, ...(stored?.held ?? []), winner];
    const isStored = known.some(what => typeof what === 'object' && !compareVersions(what.version, version));
    const trustsStamps = mqtt5 && liveFlag === 'as published';
    const isBeaten = trustsStamps && winner !== undefined && compareVersions(winner.version, version) > 0;
    if (!isStored && !isBeaten)
      throw new Error(`I8: ${this.replica} published ${topic} before it was stored`);
  }

  #notice(broker: SimBroker, replica: string): void {
    if (this.#options.mutation.isAlone) return;
    const noticed = this.noticed.get(broker) ?? new Set();
    this.noticed.set(broker, noticed.add(replica));
  }
}
