/** Plays a history step by step, and judges the world at the end. */

import { AssertionError, expect } from 'chai';
import type { History, Step } from './history.ts';
import { Invariants } from './invariants.ts';
import { playStep } from './play-step.ts';
import type { Mutation } from './sim-replicator.ts';
import { World, type WorldOptions } from './world.ts';

/** Plays a history, heals what is cut, lets the world come to rest, and judges it. */
export function play(history: History, mutation?: Mutation): void {
  const restoreMethods = mutation?.replaceMethods?.();
  try {
    playIn(new World(history.world, mutation), history);
  } finally {
    restoreMethods?.();
  }
}

function playIn(world: World, { world: options, steps, expected }: History): void {
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
