/** The fixture of the scenarios: three brokers and a replicator, in worlds of one protocol and of both. */

import { expect } from 'chai';
import type { SimBrokerOptions } from './sim-broker.ts';
import { World, type WorldOptions } from './world.ts';

type Kind = Pick<SimBrokerOptions, 'mqtt5' | 'liveFlag'>;

const MQTT5: Kind = { mqtt5: true };
const MQTT311: Kind = { mqtt5: false };
const WITHOUT_FLAGS: Kind = { mqtt5: true, liveFlag: 'dropped' };

const MIXES: readonly (readonly [name: string, kinds: readonly Kind[]])[] = [
  ['MQTT 5', [MQTT5, MQTT5, MQTT5]],
  ['MQTT 3.1.1', [MQTT311, MQTT311, MQTT311]],
  ['both protocols', [MQTT5, MQTT311, MQTT5]],
  ['MQTT 5 without retain flags', [WITHOUT_FLAGS, MQTT5, WITHOUT_FLAGS]],
];

export const [A, B, C] = [0, 1, 2];

/** Defines the specs for each mix of protocols. */
export function inEachWorld(name: string, define: (fixture: SimFixture) => void): void {
  for (const [mix, kinds] of MIXES) describeWorld(`${name}, in a world of ${mix},`, kinds, define);
}

export function inWorldOfMqtt5(name: string, define: (fixture: SimFixture) => void): void {
  describeWorld(name, [MQTT5, MQTT5, MQTT5], define);
}

export function inWorldOfMqtt311(name: string, define: (fixture: SimFixture) => void): void {
  describeWorld(name, [MQTT311, MQTT311, MQTT311], define);
}

function describeWorld(title: string, kinds: readonly Kind[], define: (fixture: SimFixture) => void): void {
  describe(title, () => {
    const fixture = new SimFixture(kinds);
    afterEach(() => fixture.end());
    define(fixture);
  });
}

export class SimFixture {
  readonly #kinds: readonly Kind[];
  #world: World | undefined;

  constructor(kinds: readonly Kind[]) {
    this.#kinds = kinds;
  }

  get world(): World {
    if (this.#world === undefined) throw new Error('no world was created');
    return this.#world;
  }

  /** Creates a world of brokers with these latencies in milliseconds, and lets it come to rest. */
  create(latencies: readonly number[], options: Partial<WorldOptions> = {}): World {
    return this.createAtOnce(latencies, options).rest();
  }

  /** Creates the same world, before the connections are made. */
  createAtOnce(latencies: readonly number[], options: Partial<WorldOptions> = {}): World {
    this.end();
    const brokers = latencies.map((latency, index) => ({ latency, ...(this.#kinds[index] ?? MQTT311) }));
    this.#world = new World({ brokers, ...options });
    return this.#world;
  }

  /** Makes these topics known as retained. Over MQTT 3.1.1 a probe has to find that first. */
  introduce(...topics: readonly string[]): void {
    for (const topic of topics) this.world.broker(A).write(topic, 'first');
    this.world.rest();
    this.world.expectEqual();
  }

  expectEverywhere(expected: Readonly<Record<string, string>>): void {
    expect(Object.fromEntries(this.world.expectEqual()), this.world.toString()).to.deep.equal(expected);
  }

  /** What each broker retains under a topic. */
  retained(topic = 't'): (string | undefined)[] {
    return this.world.brokers.map(({ retained }) => retained.get(topic)?.payload);
  }

  /** The lines of the log that ask a person to confirm deletions at a broker. */
  heldDeletions(broker: string): string[] {
    return this.world.log.filter(line => line.includes(`confirm-deletions ${broker}`));
  }

  /** Messages that clients of a broker receive from now on. */
  seenAt(broker: number): () => string[] {
    const { seen } = this.world.broker(broker);
    const before = seen.length;
    return () => seen.slice(before);
  }

  /** The seconds at which a broker is sent a publish, within so many seconds after an act. */
  attemptsAt(broker: number, seconds: number, act: () => void): number[] {
    const at = this.world.broker(broker);
    act();
    this.world.run(900);
    const attempts: number[] = [];
    for (let second = 1, before = at.received; second <= seconds; second++) {
      this.world.run(1_000);
      if (at.received > before) attempts.push(second);
      before = at.received;
    }
    return attempts;
  }

  end(): void {
    this.#world?.end();
    this.#world = undefined;
  }
}
