/**
 * E9, E11: the queue of events when a broker is away for long: what is dropped, what waits, and that others are not slowed.
 * The event actor and the log are the real ones, between simulated brokers.
 */

import { expect } from 'chai';
import type { EventHistory } from '../sim/events/event-history.ts';
import { EventWorld } from '../sim/events/event-world.ts';

const BROKER = {
  isStamped: true,
  window: 20,
  ids: 'ascending',
  setsDup: true,
  deniesSession: false,
} as const;

const NOTHING: EventHistory = {
  brokers: [BROKER, BROKER, BROKER],
  steps: [],
  latency: 1,
  seed: 1,
  promises: { distinct: true, noDuplicates: true, noLoss: true },
};

/** Segments have 64 KiB then. */
const QUEUE_BYTES = 256 * 1024;
const PAYLOAD_BYTES = 2_000;
const WRITES = 400;
const AWAY_MS = 60_000;

async function worldWith(more: Partial<EventHistory>): Promise<EventWorld> {
  const world = new EventWorld({ ...NOTHING, ...more }, {});
  await world.start();
  await world.clock.run(100);
  return world;
}

/** A writes, while B is away. */
async function writeWhileAway(world: EventWorld, writes = WRITES): Promise<void> {
  await world.play({ wait: 0, kind: 'cut', broker: 1, for: AWAY_MS, answersOnly: false });
  for (let left = writes; left > 0; left--)
    await world.play({ wait: 5, kind: 'write', broker: 0, topic: 0, value: -PAYLOAD_BYTES });
}

function arrivedAt(world: EventWorld, broker: number): number[] {
  return (world.brokers[broker]?.witnessed ?? []).map(({ payload }) => Number(payload.split(' ')[1]));
}

function linkOf(world: EventWorld, name: string) {
  const link = world.actor?.measures.brokers.find(each => each.name === name);
  if (link === undefined) throw new Error(`there is no broker ${name}`);
  return link;
}

describe('The queue of events', () => {
  it('delivers all in order to a broker that returns, and counts what waits for it', async () => {
    const world = await worldWith({});
    await writeWhileAway(world, 50);
    await world.clock.run(1_000);
    expect(linkOf(world, 'B')).to.include({ state: 'away', messages: 50 });
    expect(linkOf(world, 'B').bytes).to.be.above(50 * PAYLOAD_BYTES);
    expect(linkOf(world, 'C')).to.include({ state: 'flowing', messages: 0, bytes: 0, delivered: 50 });
    await world.clock.run(AWAY_MS);
    expect(arrivedAt(world, 1)).to.deep.equal(Array.from({ length: 50 }, (_, index) => index));
    expect(linkOf(world, 'B')).to.include({ state: 'flowing', messages: 0, bytes: 0, oldestSeconds: 0 });
  });

  it('says how old the oldest event is that waits', async () => {
    const world = await worldWith({});
    await writeWhileAway(world, 3);
    await world.clock.run(10_000);
    expect(linkOf(world, 'B').oldestSeconds).to.be.within(10, 10.1);
    await world.play({ wait: 0, kind: 'kill', for: 1_000, answersOnly: false });
    await world.play({ wait: 0, kind: 'cut', broker: 1, for: AWAY_MS, answersOnly: false });
    await world.clock.run(1_000);
    expect(linkOf(world, 'B').oldestSeconds, 'after a restart').to.be.within(12, 12.1);
  });

  it('E9: drops exactly the oldest events when it is full, and counts them by filter', async () => {
    const world = await worldWith({ queueBytes: QUEUE_BYTES, full: 'oldest' });
    await writeWhileAway(world);
    expect(world.monitor.maxLogBytes).to.be.at.most(QUEUE_BYTES + 64 * 1024);
    await world.clock.run(AWAY_MS);
    const arrived = arrivedAt(world, 1);
    const lost = WRITES - arrived.length;
    expect(lost).to.be.above(100);
    expect(arrived).to.deep.equal(Array.from({ length: WRITES - lost }, (_, index) => lost + index));
    expect(linkOf(world, 'B').dropped).to.deep.equal([{ filter: 't/#', reason: 'full', count: lost }]);
    expect(linkOf(world, 'B')).to.include({ messages: 0, bytes: 0 });
    expect(linkOf(world, 'C').dropped, 'C was never behind').to.deep.equal([]);
    expect(arrivedAt(world, 2)).to.have.length(WRITES);
    expect(world.lines.join('\n')).to.match(
      /B: \d+ events dropped \(the queue was full\), the last under t\/#/,
    );
  });

  it('E9: keeps its bound, its counts and its order through kills as well', async () => {
    const world = await worldWith({ queueBytes: QUEUE_BYTES, full: 'oldest' });
    await writeWhileAway(world, 150);
    await world.play({ wait: 0, kind: 'kill', for: 10, answersOnly: false });
    await writeWhileAway(world, 150);
    await world.play({ wait: 0, kind: 'kill', for: 10, answersOnly: false });
    await writeWhileAway(world, 100);
    expect(world.monitor.maxLogBytes).to.be.at.most(QUEUE_BYTES + 64 * 1024);
    await world.clock.run(2 * AWAY_MS);
    const arrived = arrivedAt(world, 1);
    expect(arrived).to.deep.equal(Array.from(arrived, (_, index) => WRITES - arrived.length + index));
    world.finish();
    expect(world.dropped).to.equal(WRITES - arrived.length);
    expect(linkOf(world, 'B')).to.include({ messages: 0, bytes: 0 });
    expect(world.monitor.objections).to.deep.equal([]);
  });

  it('takes in no more when it is full and shall hold, and loses nothing', async () => {
    const world = await worldWith({ queueBytes: QUEUE_BYTES, full: 'hold' });
    await writeWhileAway(world);
    expect(world.monitor.maxLogBytes).to.be.at.most(QUEUE_BYTES + 64 * 1024);
    expect(world.brokers[0]?.kept, 'what the origin keeps for us').to.be.above(100);
    await world.clock.run(AWAY_MS);
    const all = Array.from({ length: WRITES }, (_, index) => index);
    expect(arrivedAt(world, 1)).to.deep.equal(all);
    expect(arrivedAt(world, 2)).to.deep.equal(all);
    expect(linkOf(world, 'B').dropped).to.deep.equal([]);
    expect(world.brokers[0]?.kept).to.equal(0);
  });

  it('holds through a reconnection of the origin without an event twice', async () => {
    const world = await worldWith({ queueBytes: QUEUE_BYTES, full: 'hold' });
    await writeWhileAway(world, 200);
    await world.play({ wait: 0, kind: 'cut', broker: 0, for: 100, answersOnly: false });
    await world.clock.run(2 * AWAY_MS);
    expect(arrivedAt(world, 1)).to.deep.equal(Array.from({ length: 200 }, (_, index) => index));
  });

  it('E11: a broker that is away slows no other', async () => {
    const world = await worldWith({ queueBytes: QUEUE_BYTES, full: 'oldest' });
    await writeWhileAway(world);
    const written = new Map([...world.monitor.writes.keys()].map(client => [client, 0]));
    for (const { at, payload } of world.brokers[0]?.witnessed ?? [])
      written.set(Number(payload.split(' ')[1]), at);
    for (const { at, payload } of world.brokers[2]?.witnessed ?? []) {
      const client = Number(payload.split(' ')[1]);
      expect(at - (written.get(client) ?? 0), `milliseconds of ${client}`).to.be.below(50);
    }
    expect(arrivedAt(world, 2)).to.have.length.above(WRITES - 10);
  });

  it('drops events that have expired, with their segments, though there is room', async () => {
    const world = await worldWith({ queueBytes: QUEUE_BYTES * 16 });
    await world.play({ wait: 0, kind: 'cut', broker: 1, for: 2 * 3_600_000, answersOnly: false });
    for (let left = 400; left > 0; left--)
      await world.play({ wait: 5, kind: 'write', broker: 0, topic: 0, value: -PAYLOAD_BYTES });
    const before = world.actor?.measures.logBytes ?? 0;
    await world.clock.run(3_600_000 + 10_000);
    await world.play({ wait: 0, kind: 'write', broker: 0, topic: 0, value: -1 });
    await world.clock.run(1_000);
    expect(world.actor?.measures.logBytes).to.be.below(before / 2);
    await world.clock.run(3_600_000);
    expect(arrivedAt(world, 1)).to.deep.equal([400]);
    const [dropped] = linkOf(world, 'B').dropped;
    expect(dropped).to.deep.equal({ filter: 't/#', reason: 'expired', count: 400 });
  });
});
