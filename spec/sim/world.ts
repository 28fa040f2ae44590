/**
 * A world of simulated brokers around the real reconciler actor, under a simulated clock. Deterministic: the
 * same steps give the same history.
 */

import { expect } from 'chai';
import sinon from 'sinon';
import { DEFAULT_BOUNDS } from '../../lib/config/bounds.ts';
import type { FilterSettings } from '../../lib/core/policy.ts';
import { Reconciler } from '../../lib/reconciler/reconciler.ts';
import type { Step } from '../../lib/reconciler/topic-table.ts';
import { SimBroker, type SimBrokerOptions } from './sim-broker.ts';
import { SimStore } from './sim-store.ts';

export interface WorldOptions {
  readonly brokers: readonly Omit<SimBrokerOptions, 'name'>[];
  /** Hz. */
  readonly mergeFrequency?: number;
  /** Milliseconds that a commit to the store takes. */
  readonly storeLatency?: number;
  readonly filter?: Partial<FilterSettings>;
  /** For mutants: another core, another store. */
  readonly step?: Step;
  readonly store?: (latency: number) => SimStore;
}

const NAMES = ['A', 'B', 'C', 'D', 'E'] as const;

/** All that is retried has been tried again within so many milliseconds. */
const REST_LIMIT = 30 * 60_000;

/** Seconds in which anti-entropy looks at every topic. */
const SCAN_PERIOD = 600;

/** At rest, nothing is published for so many milliseconds. */
const SILENCE = 60_000;

export class World {
  readonly brokers: readonly SimBroker[];
  readonly log: string[] = [];
  readonly store: SimStore;
  readonly #clock: sinon.SinonFakeTimers;
  readonly #options: WorldOptions;
  #reconciler: Reconciler;

  constructor(options: WorldOptions) {
    this.#options = options;
    // A sandbox of its own: the default one remembers every clock it ever made.
    this.#clock = sinon.createSandbox().useFakeTimers({
      now: Date.UTC(2026, 0, 1),
      toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
    this.brokers = options.brokers.map(
      (broker, index) => new SimBroker({ ...broker, name: NAMES[index] ?? '?' }),
    );
    const latency = options.storeLatency ?? 1;
    this.store = options.store?.(latency) ?? new SimStore(latency);
    this.#reconciler = this.#newReconciler();
    for (const broker of this.brokers) broker.connect();
  }

  broker(index: number): SimBroker {
    const broker = this.brokers[index];
    if (broker === undefined) throw new RangeError(`there is no broker ${index}`);
    return broker;
  }

  get reconciler(): Reconciler {
    return this.#reconciler;
  }

  /** Lets so many milliseconds pass. */
  run(milliseconds: number): this {
    this.#clock.tick(milliseconds);
    return this;
  }

  /** The replicator is killed, and comes back with what its store holds. */
  crash(): void {
    for (const broker of this.brokers) broker.cut();
    this.#reconciler.close();
    this.store.crash();
    this.#reconciler = this.#newReconciler();
    for (const broker of this.brokers) broker.connect();
  }

  /** Lets time pass until nothing is published any more. Fails if that never comes. */
  rest(): this {
    for (let elapsed = 0; elapsed < REST_LIMIT; elapsed += SILENCE) {
      const before = this.#published();
      this.run(SILENCE);
      if (this.#published() === before) return this;
    }
    throw new Error(`still publishing after ${REST_LIMIT / 60_000} simulated minutes:\n${this.toString()}`);
  }

  /** Lets anti-entropy look at every topic once, and comes to rest again. */
  lookAgain(): this {
    return this.run(2 * SCAN_PERIOD * 1000).rest();
  }

  get isEqual(): boolean {
    const [first = new Map<string, string>(), ...others] = this.brokers.map(retainedAt);
    const text = JSON.stringify([...first]);
    return others.every(other => JSON.stringify([...other]) === text);
  }

  /** Asserts that all brokers retain the same, and returns it. */
  expectEqual(): ReadonlyMap<string, string> {
    const [first = new Map<string, string>(), ...others] = this.brokers.map(retainedAt);
    for (const other of others) {
      expect([...other], `what brokers retain differs\n${this.toString()}`).to.deep.equal([...first]);
    }
    return first;
  }

  end(): void {
    this.#reconciler.close();
    this.#clock.restore();
  }

  toString(): string {
    return this.brokers
      .map(broker => {
        const retained = [...broker.retained].map(([topic, { payload }]) => `${topic}=${payload}`).join(' ');
        return `${broker.name} (${broker.mqtt5 ? 'MQTT 5' : 'MQTT 3.1.1'}, ${broker.latency} ms) retains ${retained || 'nothing'}; saw ${broker.seen.join(' ')}`;
      })
      .join('\n');
  }

  #published(): number {
    return this.brokers.reduce((sum, { received }) => sum + received, 0);
  }

  #newReconciler(): Reconciler {
    const all = 2 ** this.brokers.length - 1;
    const reconciler = new Reconciler({
      settings: {
        controlPrefix: 'mqttrep',
        filters: [{ filter: '#', subscribe: all, publish: all, ...this.#options.filter }],
        mergeFrequency: this.#options.mergeFrequency ?? 10,
        scanPeriod: SCAN_PERIOD,
        maxDrift: 60_000,
        bounds: DEFAULT_BOUNDS,
        store: 'simulation',
        hidesPayloads: false,
      },
      replica: 'sim',
      decoders: {},
      brokers: this.brokers.map(({ name }, index) => ({ name, rank: this.brokers.length - index })),
      store: this.store,
      state: this.store.state,
      ...(this.#options.step === undefined ? {} : { step: this.#options.step }),
      log: (_level, message) => this.log.push(message),
    });
    for (const [index, broker] of this.brokers.entries()) reconciler.attach(index, broker.port());
    return reconciler;
  }
}

/** What clients see retained, in the order of topics. */
function retainedAt({ retained }: SimBroker): ReadonlyMap<string, string> {
  const users = [...retained].filter(([topic]) => !topic.startsWith('mqttrep/'));
  return new Map(users.map(([topic, { payload }]) => [topic, payload] as const).sort());
}
