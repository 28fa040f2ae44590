/** Plays one step of a history in a world: at a machine, at a broker, or at the link between the two. */

import type { Forge, Step } from './history.ts';
import { ODD_PROPERTIES } from './odd-properties.ts';
import { simStamp } from './sim-broker.ts';
import type { World } from './world.ts';

export function playStep(world: World, step: Step): void {
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
