/** Histories: what clients, networks and machines do to a world, drawn by fast-check and played step by step. */

import fc from 'fast-check';
import { World, type WorldOptions } from './world.ts';

export type Step =
  | { readonly kind: 'write'; readonly broker: number; readonly topic: string; readonly payload: string }
  | { readonly kind: 'delete'; readonly broker: number; readonly topic: string }
  | { readonly kind: 'pass'; readonly broker: number; readonly topic: string; readonly payload: string }
  | { readonly kind: 'cut' | 'heal' | 'wipe' | 'autosave' | 'go back'; readonly broker: number }
  | { readonly kind: 'lag'; readonly broker: number; readonly latency: number }
  | { readonly kind: 'crash' }
  | { readonly kind: 'wait'; readonly milliseconds: number };

export interface History {
  readonly world: WorldOptions;
  readonly steps: readonly Step[];
}

// Retained messages on `a` and `b`, passing ones on `p`: over MQTT 3.1.1 a topic is one or the other.
const TOPICS = ['a', 'b'] as const;
// Few payloads, so that clients often write what is in flight, and toggle.
const PAYLOADS = ['0', '1', '2'] as const;

const latency = fc.constantFrom(0, 1, 5, 40, 150, 300);

function step(brokers: number): fc.Arbitrary<Step> {
  const broker = fc.nat({ max: brokers - 1 });
  const topic = fc.constantFrom(...TOPICS);
  const payload = fc.constantFrom(...PAYLOADS);
  const kind = <K extends string>(name: K) => fc.constant(name);
  return fc.oneof(
    { weight: 24, arbitrary: fc.record({ kind: kind('write'), broker, topic, payload }) },
    { weight: 6, arbitrary: fc.record({ kind: kind('delete'), broker, topic }) },
    { weight: 3, arbitrary: fc.record({ kind: kind('pass'), broker, topic: fc.constant('p'), payload }) },
    {
      weight: 24,
      arbitrary: fc.record({ kind: kind('wait'), milliseconds: fc.constantFrom(1, 20, 60, 150, 400, 2000) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: kind('cut'), broker }) },
    { weight: 3, arbitrary: fc.record({ kind: kind('heal'), broker }) },
    { weight: 3, arbitrary: fc.record({ kind: kind('lag'), broker, latency }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('wipe'), broker }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('autosave'), broker }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('go back'), broker }) },
    { weight: 2, arbitrary: fc.record({ kind: kind('crash') }) },
  ) as fc.Arbitrary<Step>;
}

export const histories: fc.Arbitrary<History> = fc.integer({ min: 2, max: 4 }).chain(count =>
  fc.record({
    world: fc.record({
      brokers: fc.array(fc.record({ mqtt5: fc.boolean(), latency }), { minLength: count, maxLength: count }),
      mergeFrequency: fc.constantFrom(1, 10, 50),
    }),
    steps: fc.array(step(count), { maxLength: 40 }),
  }),
);

/** Plays a history to its end, heals what is cut, lets the world come to rest, and has it looked at. */
export function play({ world: options, steps }: History, look: (world: World) => void): void {
  const world = new World(options);
  try {
    for (const step of steps) playStep(world, step);
    for (const broker of world.brokers) broker.connect();
    look(world.rest());
  } finally {
    world.end();
  }
}

function playStep(world: World, step: Step): void {
  switch (step.kind) {
    case 'write':
      world.broker(step.broker).write(step.topic, step.payload);
      return;
    case 'delete':
      world.broker(step.broker).write(step.topic, '');
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
      // A broker that loses its data was restarted.
      world.broker(step.broker).cut();
      world.broker(step.broker).wipe();
      return;
    case 'lag':
      // Of a connection that stands: the order of what is under way must not change.
      world.broker(step.broker).cut();
      world.broker(step.broker).latency = step.latency;
      return;
    case 'autosave':
      world.broker(step.broker).autosave();
      return;
    case 'go back':
      world.broker(step.broker).cut();
      world.broker(step.broker).goBack();
      return;
    case 'crash':
      world.crash();
      return;
    case 'wait':
      world.run(step.milliseconds);
      return;
  }
}
