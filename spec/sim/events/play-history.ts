/** Plays a history, lets everything heal, and checks what clients saw. Returns the objections, each with its invariant. */

import { type EventHistory, faultsIn } from './event-history.ts';
import { contentOf, type EventMonitor } from './event-monitor.ts';
import { type EventMutation, EventWorld } from './event-world.ts';
import type { SimEventBroker, Witnessed } from './sim-event-broker.ts';

/** Longer than any cut, any wait for a fence, and any retry of a commit. */
const HEAL_MS = 75_000;
/** Within this time all must be silent once clients are. */
const SILENCE_MS = 2_000;
const WINDOW = 20;

export async function playHistory(history: EventHistory, mutation: EventMutation = {}): Promise<string[]> {
  const world = new EventWorld(history, mutation);
  await world.start();
  // Sessions exist before anybody writes.
  await world.clock.run(100);
  for (const step of history.steps) await world.play(step);
  await world.clock.run(HEAL_MS);
  checkSilence(world, await trafficWithin(world, SILENCE_MS));
  for (const { name, messages, state } of world.actor?.measures.brokers ?? []) {
    if (messages > 0) world.monitor.object(`E1: ${messages} events still wait for ${name} (${state})`);
  }
  world.finish();
  for (const [index, broker] of world.brokers.entries()) {
    if (history.promises.distinct) checkDistinct(history, world, index, broker);
    else checkEqual(history, world, index, broker);
  }
  checkBytes(history, world);
  return world.monitor.objections;
}

async function trafficWithin({ clock, monitor }: EventWorld, milliseconds: number): Promise<number> {
  const before = monitor.trafficCount;
  await clock.run(milliseconds);
  return monitor.trafficCount - before;
}

function checkSilence({ monitor }: EventWorld, packets: number): void {
  if (packets > 0) monitor.object(`E10: ${packets} packets are sent though all clients are silent`);
}

function checkBytes({ queueBytes }: EventHistory, { monitor }: EventWorld): void {
  if (queueBytes === undefined) return;
  const segment = Math.max(64 * 1024, queueBytes / 8);
  if (monitor.maxLogBytes > queueBytes + 2 * segment)
    monitor.object(`E9: the log grew to ${monitor.maxLogBytes} bytes, of ${queueBytes}`);
}

/** E1, E3, E4, E8 where each message is written once. */
function checkDistinct(
  { promises, ...history }: EventHistory,
  world: EventWorld,
  index: number,
  broker: SimEventBroker,
): void {
  const { monitor, brokers } = world;
  const arrived = copiesAt(broker);
  let duplicates = 0;
  let missing = 0;
  const order: number[] = [];
  const seen = new Set<number>();
  const clientOf = new Map([...monitor.writes].map(([client, { payload }]) => [payload, client]));
  for (const { payload, by } of broker.witnessed) {
    const client = clientOf.get(payload);
    if (by !== 'replicator' || client === undefined || seen.has(client)) continue;
    // A message that was denied for a moment may be sent again behind later ones.
    if (monitor.deniedTopics[index]?.has(monitor.writes.get(client)?.topic ?? '') === true) continue;
    seen.add(client);
    order.push(client);
  }
  for (const [client, { broker: origin, topic, payload }] of monitor.writes) {
    const copies = arrived.get(contentOf(topic, payload)) ?? 0;
    if (origin === index) {
      if (copies > 0 && promises.noDuplicates)
        monitor.object(`E4: ${payload} is published at its origin ${copies} times`);
      continue;
    }
    duplicates += Math.max(0, copies - 1);
    if (copies > 0) continue;
    const isExcused =
      brokers[origin]?.lostWithSession.has(client) === true ||
      monitor.deniedTopics[index]?.has(topic) === true;
    if (isExcused) continue;
    missing++;
    if (promises.noLoss) monitor.object(`E1: ${payload} does not arrive at ${broker.traits.name}`);
  }
  if (duplicates > 0 && promises.noDuplicates)
    monitor.object(`E8: ${duplicates} duplicates at ${broker.traits.name}`);
  if (duplicates > faultsIn({ promises, ...history }) * WINDOW)
    monitor.object(
      `E8: ${duplicates} duplicates at ${broker.traits.name}, more than a window for each fault`,
    );
  checkOrder(monitor, broker, order);
  world.missing += missing;
}

/** E3: the first copies of the events of one origin arrive in its order. */
function checkOrder(monitor: EventMonitor, { traits }: SimEventBroker, clients: readonly number[]): void {
  const last = new Map<number, number>();
  for (const client of clients) {
    const origin = monitor.writes.get(client)?.broker ?? 0;
    if (client < (last.get(origin) ?? -1))
      monitor.object(`E3: the first copy of write ${client} arrives at ${traits.name} behind a later one`);
    last.set(origin, client);
  }
}

/** E1 and E8 where messages are written several times: no content arrives less often than it was written. */
function checkEqual(history: EventHistory, world: EventWorld, index: number, broker: SimEventBroker): void {
  const { monitor, brokers } = world;
  const arrived = copiesAt(broker);
  const written = new Map<string, number>();
  let total = 0;
  for (const [client, { broker: origin, topic, payload }] of monitor.writes) {
    if (origin === index || brokers[origin]?.lostWithSession.has(client)) continue;
    if (monitor.deniedTopics[index]?.has(topic)) continue;
    const content = contentOf(topic, payload);
    written.set(content, (written.get(content) ?? 0) + 1);
    total++;
  }
  let copies = 0;
  for (const [content, count] of written) {
    const there = arrived.get(content) ?? 0;
    copies += there;
    if (there < count && history.promises.noLoss)
      monitor.object(
        `E1: ${content} was written ${count} times and arrives ${there} times at ${broker.traits.name}`,
      );
  }
  const excess = copies - total;
  if (excess > faultsIn(history) * WINDOW * brokers.length)
    monitor.object(`E8: ${excess} copies too many at ${broker.traits.name}`);
}

function copiesAt({ witnessed }: SimEventBroker): Map<string, number> {
  const copies = new Map<string, number>();
  for (const { topic, payload } of witnessed.filter(isOurs)) {
    const content = contentOf(topic, payload);
    copies.set(content, (copies.get(content) ?? 0) + 1);
  }
  return copies;
}

function isOurs({ by }: Witnessed): boolean {
  return by === 'replicator';
}
