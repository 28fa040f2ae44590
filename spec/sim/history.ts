/** A history: what clients, networks and machines do in a world. It is played step by step and judged at the end. */

import { AssertionError, expect } from 'chai';
import { Invariants } from './invariants.ts';
import { ODD_PROPERTIES, type OddProperties } from './odd-properties.ts';
import { simStamp } from './sim-broker.ts';
import type { Mutation } from './sim-replicator.ts';
import { World, type WorldOptions } from './world.ts';

/** Brokers and replicators by index. */
export type Step =
  /** A client publishes a retained message. With an empty payload it deletes the topic. */
  | Write
  /** A client publishes a transient message. With an empty payload it deletes nothing. */
  | { readonly kind: 'pass'; readonly broker: number; readonly topic: string; readonly payload: string }
  | Forge
  /** A client publishes a retained message with the stamp of the message that it has read. */
  | { readonly kind: 'copy'; readonly broker: number; readonly topic: string; readonly payload: string }
  /** `hide`: replicators may not read there, and are not told. `show`: they may read again. */
  | { readonly kind: (typeof BROKER_STEPS)[number]; readonly broker: number }
  /** A broker is killed, and rolls back to what it saved last, or to what it retained so many milliseconds ago. */
  | { readonly kind: 'go back'; readonly broker: number; readonly milliseconds?: number }
  /** A person refuses the deletions that are held at a broker. */
  | { readonly kind: 'refuse deletions'; readonly broker: number }
  /** A broker evicts a retained message by a limit of its own, and tells nobody. */
  | { readonly kind: 'evict'; readonly broker: number; readonly topic: string }
  /** `deny`: a broker acknowledges publishes of replicators to a topic, and drops them. `permit`: it stores them again. */
  | { readonly kind: (typeof ACCESS_STEPS)[number]; readonly broker: number; readonly topic: string }
  | { readonly kind: (typeof LINK_STEPS)[number]; readonly broker: number; readonly replicator: number }
  | {
      readonly kind: 'lag';
      readonly broker: number;
      readonly replicator: number;
      readonly latency: number;
    }
  /** The next messages to a replicator are lost. */
  | { readonly kind: 'drop'; readonly broker: number; readonly replicator: number; readonly count: number }
  | { readonly kind: 'lose store'; readonly replicator: number }
  /** A replicator is killed. Its publishes that travel arrive so many milliseconds later, or never. */
  | { readonly kind: 'crash'; readonly replicator: number; readonly lingering?: number }
  /** The machine of a replicator is suspended. */
  | { readonly kind: 'suspend'; readonly replicator: number; readonly milliseconds: number }
  /** A replicator's clock is set to so many milliseconds ahead. */
  | { readonly kind: 'clock'; readonly replicator: number; readonly ahead: number }
  | { readonly kind: 'rest' }
  | { readonly kind: 'wait'; readonly milliseconds: number };

export interface Write {
  readonly kind: 'write';
  readonly broker: number;
  readonly topic: string;
  readonly payload: string;
  /** Default: none. */
  readonly properties?: OddProperties;
}

/** A client publishes a retained message with a forged stamp, so many milliseconds ahead. */
export interface Forge {
  readonly kind: 'forge';
  readonly broker: number;
  readonly topic: string;
  readonly payload: string;
  readonly ahead: number;
}

export const BROKER_STEPS = ['wipe', 'autosave', 'hide', 'show'] as const;
export const ACCESS_STEPS = ['deny', 'permit'] as const;

/** Of one replicator's connection to one broker. */
export const LINK_STEPS = ['cut', 'heal', 'clog', 'unclog'] as const;

export interface History {
  readonly world: WorldOptions;
  readonly steps: readonly Step[];
  /** What every broker must retain in the end, where that is known. */
  readonly expected?: ReadonlyMap<string, string>;
}

/** Plays a history, heals what is cut, lets the world come to rest, and judges it. */
export function play({ world: options, steps, expected }: History, mutation?: Mutation): void {
  const world = new World(options, mutation);
  try {
    const invariants = new Invariants(world);
    for (const step of steps) {
      playStep(world, step);
      invariants.check();
    }
    world.heal();
    world.rest();
    invariants.check();
    if (!world.isEqual && expected === undefined && mayBeUnequal(options, steps)) world.scan();
    const retained = world.expectEqual();
    for (const [topic, payload] of retained) {
      if (writtenTo(topic, steps).includes(payload)) continue;
      throw new AssertionError(`I2: ${topic} holds ${payload}, which nobody wrote\n${world}`);
    }
    for (const topic of neverDeleted(steps)) {
      if (!retained.has(topic)) throw new AssertionError(`I13: nobody deleted ${topic}\n${world}`);
    }
    if (expected !== undefined) expect([...retained], String(world)).to.deep.equal([...expected]);
    assertNoticed(world);
  } finally {
    world.end();
  }
}

/** After these steps a replicator does not know what a broker retains. */
const UNHEARD_STEPS: ReadonlySet<Step['kind']> = new Set(['drop', 'deny', 'hide', 'evict']);

/**
 * Whether equality may have to wait for anti-entropy. Over MQTT 3.1.1 an echo looks like a client's write of the same value.
 * There, and at brokers that drop the retain flag, a transient message looks like a retained one. A replicator does not know of a
 * message that a broker dropped, and retries a denied topic late.
 */
function mayBeUnequal({ brokers, queue }: WorldOptions, steps: readonly Step[]): boolean {
  return (
    queue !== undefined ||
    brokers.some(({ mqtt5, liveFlag }) => !mqtt5 || liveFlag === 'dropped') ||
    steps.some(({ kind }) => UNHEARD_STEPS.has(kind))
  );
}

/** Topics that were written retained, never deleted and never evicted; none if a broker lost its data. */
function neverDeleted(steps: readonly Step[]): ReadonlySet<string> {
  const topics = new Set<string>();
  if (steps.some(({ kind }) => kind === 'wipe' || kind === 'go back')) return topics;
  for (const step of steps)
    if (step.kind === 'write' || step.kind === 'forge' || step.kind === 'copy') topics.add(step.topic);
  for (const step of steps) {
    const isGone =
      step.kind === 'evict' || (step.kind !== 'pass' && 'payload' in step && step.payload === '');
    if (isGone) topics.delete(step.topic);
  }
  return topics;
}

function writtenTo(topic: string, steps: readonly Step[]): string[] {
  return steps.flatMap(step => ('payload' in step && step.topic === topic ? [step.payload] : []));
}

/** I12: replicators that share a broker know of each other. */
function assertNoticed({ brokers, replicators }: World): void {
  for (const broker of brokers) {
    for (const replicator of replicators) {
      const others = replicators.filter(other => other !== replicator).map(({ replica }) => replica);
      const noticed = [...(replicator.noticed.get(broker) ?? [])];
      expect(noticed, `I12: noticed at ${broker.name} by ${replicator.replica}`).to.include.members(others);
    }
  }
}

function playStep(world: World, step: Step): void {
  switch (step.kind) {
    case 'wait':
      world.run(step.milliseconds);
      return;
    case 'rest':
      world.rest();
      return;
    case 'crash':
      world.replicator(step.replicator).crash(step.lingering);
      return;
    case 'suspend':
      world.replicator(step.replicator).suspend(step.milliseconds);
      return;
    case 'lose store':
      world.replicator(step.replicator).loseStore();
      return;
    case 'clock':
      world.replicator(step.replicator).machine.ahead = step.ahead;
      return;
    default:
      playAtBroker(world, step);
  }
}

function playAtBroker(world: World, step: Extract<Step, { readonly broker: number }>): void {
  const broker = world.broker(step.broker);
  switch (step.kind) {
    case 'write':
      broker.write(step.topic, step.payload, true, step.properties && ODD_PROPERTIES[step.properties]);
      return;
    case 'pass':
      broker.write(step.topic, step.payload, false);
      return;
    case 'forge':
      forge(world, step);
      return;
    case 'copy':
      broker.copy(step.topic, step.payload);
      return;
    case 'wipe':
      // A broker that loses its data or rolls back was restarted.
      broker.cut();
      broker.wipe();
      return;
    case 'deny':
      broker.denied.add(step.topic);
      return;
    case 'permit':
      broker.denied.delete(step.topic);
      return;
    case 'autosave':
      broker.autosave();
      return;
    case 'go back':
      broker.cut();
      if (step.milliseconds === undefined) broker.goBack();
      else broker.goBackBy(step.milliseconds);
      return;
    case 'refuse deletions':
      for (const { reconciler } of world.replicators) reconciler.decideDeletions(broker.name, 'refuse');
      return;
    case 'evict':
      broker.evict(step.topic);
      return;
    case 'hide':
      broker.unreadable.add('#');
      return;
    case 'show':
      broker.unreadable.clear();
      return;
    default:
      playAtLink(world, step);
  }
}

function playAtLink(
  world: World,
  step: Extract<Step, { readonly broker: number; readonly replicator: number }>,
): void {
  const link = world.link(step.replicator, step.broker);
  switch (step.kind) {
    case 'cut':
      link.cut();
      return;
    case 'heal':
      link.connect();
      return;
    case 'clog':
      link.clog();
      return;
    case 'unclog':
      link.unclog();
      return;
    case 'drop':
      link.deliveries.dropping += step.count;
      return;
    case 'lag':
      // The latency changes with a new connection only, so that the order of messages stays.
      link.cut();
      link.transport.latency = step.latency;
      return;
  }
}

function forge(world: World, { broker, topic, payload, ahead }: Forge): void {
  const { mqtt5 } = world.broker(broker);
  const version = { time: world.now + ahead, counter: 0, replica: 'forged' };
  const stamp = mqtt5 ? simStamp({ topic, payload }, version, 'forged') : undefined;
  world.broker(broker).store({ topic, payload, retain: true, stamp });
}
