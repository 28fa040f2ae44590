/** A world of simulated brokers and replicators under a simulated clock. The same steps always give the same result. */

import { AssertionError } from 'chai';
import type { FilterSettings } from '../../lib/core/policy.ts';
import type { Reconciler } from '../../lib/reconciler/reconciler.ts';
import { CONTROL, SimBroker, type SimBrokerOptions } from './sim-broker.ts';
import { SimClock } from './sim-clock.ts';
import type { SimLink } from './sim-link.ts';
import { type Mutation, SCAN_PERIOD, SimReplicator } from './sim-replicator.ts';
import type { SimStore } from './sim-store.ts';

export interface WorldOptions {
  readonly brokers: readonly Omit<SimBrokerOptions, 'name' | 'queue'>[];
  /** One replicator for each number: the milliseconds by which its clock is ahead. By default one, with a right clock. */
  readonly clocks?: readonly number[];
  /** The limit of messages that travel to one replicator; further ones are dropped. By default there is none. */
  readonly queue?: number;
  /** Hz. */
  readonly mergeFrequency?: number;
  /** Milliseconds that a commit to the store takes. */
  readonly storeLatency?: number;
  /** Settings of the filters; by default one filter for all topics. */
  readonly filters?: readonly Partial<FilterSettings>[];
}

const NAMES = ['A', 'B', 'C', 'D', 'E'] as const;

/** Within so many milliseconds all retries are over. */
const REST_LIMIT_MS = 30 * 60_000;

/** How many topics and messages of each broker are shown. */
const SHOWN_ITEMS = 20;

/** A world is at rest if nothing is published for so many milliseconds. */
const SILENCE_MS = 60_000;

export class World {
  readonly brokers: readonly SimBroker[];
  readonly replicators: readonly SimReplicator[];
  readonly #clock = new SimClock(Date.UTC(2026, 0, 1));

  constructor(options: WorldOptions, mutation: Mutation = {}) {
    const { clocks = [0], queue = Number.POSITIVE_INFINITY } = options;
    this.brokers = options.brokers.map(
      (broker, index) => new SimBroker({ ...broker, queue, name: NAMES[index] ?? '?' }),
    );
    this.replicators = clocks.map(
      (ahead, index) =>
        new SimReplicator({
          name: `sim${index + 1}`,
          brokers: this.brokers,
          clock: this.#clock,
          ahead,
          mergeFrequency: options.mergeFrequency ?? 10,
          storeLatency: options.storeLatency ?? 1,
          filters: options.filters ?? [{}],
          mutation,
        }),
    );
  }

  broker(index: number): SimBroker {
    return at(this.brokers, index);
  }

  replicator(index: number): SimReplicator {
    return at(this.replicators, index);
  }

  /** A replicator's connection to a broker. */
  link(replicator: number, broker: number): SimLink {
    return at(this.replicator(replicator).links, broker);
  }

  /** Of the first replicator. */
  get reconciler(): Reconciler {
    return this.replicator(0).reconciler;
  }

  /** Of the first replicator. */
  get store(): SimStore {
    return this.replicator(0).store;
  }

  /** Of the first replicator. */
  get log(): readonly string[] {
    return this.replicator(0).log;
  }

  /** The true time, in milliseconds since 1970. */
  get now(): number {
    return this.#clock.now;
  }

  /** Lets so many milliseconds pass. */
  run(milliseconds: number): this {
    this.#clock.run(milliseconds);
    return this;
  }

  /** All replicators are killed, and restart with what their stores hold. */
  crash(): void {
    for (const replicator of this.replicators) replicator.crash();
  }

  /** Ends all cuts, clogs, denials and suspensions, and makes all topics readable. */
  heal(): void {
    for (const broker of this.brokers) {
      broker.denied.clear();
      broker.unreadable.clear();
    }
    for (const replicator of this.replicators) replicator.resume();
    for (const { links } of this.replicators) {
      for (const link of links) {
        link.deliveries.dropping = 0;
        link.unclog();
        link.connect();
      }
    }
  }

  /** Runs until nothing is published any more. Fails if that does not happen. */
  rest(): this {
    for (let elapsed = 0; elapsed < REST_LIMIT_MS; elapsed += SILENCE_MS) {
      const before = this.#published();
      this.run(SILENCE_MS);
      if (this.#published() === before) return this;
    }
    throw new Error(
      `still publishing after ${REST_LIMIT_MS / 60_000} simulated minutes:\n${this.toString()}`,
    );
  }

  /** Runs until anti-entropy has probed each topic, and then to rest. */
  scan(): this {
    return this.run(2 * SCAN_PERIOD * 1000).rest();
  }

  get isEqual(): boolean {
    const [first = new Map<string, string>(), ...others] = this.brokers.map(retainedAt);
    const text = JSON.stringify([...first]);
    return others.every(other => JSON.stringify([...other]) === text);
  }

  /** Asserts that all brokers retain the same messages, and returns these. */
  expectEqual(): ReadonlyMap<string, string> {
    const [first = new Map<string, string>(), ...others] = this.brokers.map(retainedAt);
    for (const other of others) {
      const topics = new Set([...first.keys(), ...other.keys()]);
      const diverging = [...topics].filter(topic => first.get(topic) !== other.get(topic));
      // It is checked after each history and seldom fails, so the text is made only then.
      if (diverging.length > 0)
        throw new AssertionError(`what brokers retain differs: ${diverging}\n${this}`);
    }
    return first;
  }

  end(): void {
    for (const replicator of this.replicators) replicator.close();
    this.#clock.restore();
  }

  toString(): string {
    return this.brokers
      .map(broker => {
        const retained = [...retainedAt(broker)]
          .slice(0, SHOWN_ITEMS)
          .map(([topic, payload]) => `${topic}=${payload}`)
          .join(' ');
        return `${broker.name} (${broker.mqtt5 ? 'MQTT 5' : 'MQTT 3.1.1'}, ${broker.latency} ms) retains ${retained || 'nothing'}; saw ${broker.seen.slice(-SHOWN_ITEMS).join(' ')}`;
      })
      .join('\n');
  }

  #published(): number {
    return this.brokers.reduce((sum, { received }) => sum + received, 0);
  }
}

function at<T>(array: readonly T[], index: number): T {
  const found = array[index];
  if (found === undefined) throw new RangeError(`there is no ${index} of ${array.length}`);
  return found;
}

/** Retained messages of clients, in the order of topics. */
function retainedAt({ retained }: SimBroker): ReadonlyMap<string, string> {
  const users = [...retained].filter(([topic]) => !topic.startsWith(CONTROL));
  return new Map(users.map(([topic, { payload }]) => [topic, payload] as const).sort());
}
