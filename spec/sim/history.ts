/** Histories: what clients, networks and machines do to a world, played step by step and judged at the end. */

import { expect } from 'chai';
import { World, type WorldOptions } from './world.ts';

export type Step =
  /** A client publishes a retained message; with an empty payload it deletes. */
  | { readonly kind: 'write'; readonly broker: number; readonly topic: string; readonly payload: string }
  /** A client publishes a message that is not retained. */
  | { readonly kind: 'pass'; readonly broker: number; readonly topic: string; readonly payload: string }
  | { readonly kind: 'cut' | 'heal' | 'wipe' | 'autosave' | 'go back'; readonly broker: number }
  | { readonly kind: 'lag'; readonly broker: number; readonly latency: number }
  | { readonly kind: 'crash' | 'rest' }
  | { readonly kind: 'wait'; readonly milliseconds: number };

export interface History {
  readonly world: WorldOptions;
  readonly steps: readonly Step[];
  /** What every broker must retain in the end, where that is known. */
  readonly expected?: ReadonlyMap<string, string>;
}

/** Plays a history, heals what is cut, lets the world come to rest, and judges it. */
export function play({ world: options, steps, expected }: History, mutation?: Partial<WorldOptions>): void {
  const world = new World({ ...options, ...mutation });
  try {
    for (const step of steps) playStep(world, step);
    for (const broker of world.brokers) broker.connect();
    world.rest();
    // Over MQTT 3.1.1 an echo cannot be told from a client's write of the same value: what was mistaken is found later.
    const mayMistake = options.brokers.some(({ mqtt5 }) => !mqtt5) && mutation === undefined;
    if (!world.isEqual && mayMistake) world.lookAgain();
    const retained = world.expectEqual();
    for (const [topic, payload] of retained) {
      expect(writtenTo(topic, steps), `${topic} holds what nobody wrote\n${world}`).to.include(payload);
    }
    if (expected !== undefined) expect([...retained], String(world)).to.deep.equal([...expected]);
  } finally {
    world.end();
  }
}

function writtenTo(topic: string, steps: readonly Step[]): string[] {
  return steps.flatMap(step =>
    (step.kind === 'write' || step.kind === 'pass') && step.topic === topic ? [step.payload] : [],
  );
}

function playStep(world: World, step: Step): void {
  switch (step.kind) {
    case 'write':
      world.broker(step.broker).write(step.topic, step.payload);
      return;
    case 'pass':
      world.broker(step.broker).write(step.topic, step.payload, false);
      return;
    case 'cut':
      world.broker(step.broker).cut();
      return;
    case 'heal':
      world.broker(step.broker).connect();
      return;
    case 'wipe':
      // A broker that loses its data was restarted; so was one that goes back.
      world.broker(step.broker).cut();
      world.broker(step.broker).wipe();
      return;
    case 'autosave':
      world.broker(step.broker).autosave();
      return;
    case 'go back':
      world.broker(step.broker).cut();
      world.broker(step.broker).goBack();
      return;
    case 'lag':
      // Of a connection that is new: the order of what is under way must not change.
      world.broker(step.broker).cut();
      world.broker(step.broker).latency = step.latency;
      return;
    case 'crash':
      world.crash();
      return;
    case 'rest':
      world.rest();
      return;
    case 'wait':
      world.run(step.milliseconds);
      return;
  }
}
