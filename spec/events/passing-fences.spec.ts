/**
 * A broker may have a queue for each subscription of a session, as ActiveMQ has. Then a fence comes before echoes that wait, and
 * these are echoes nevertheless. The event actor and the log are the real ones, between simulated brokers.
 */

import { expect } from 'chai';
import type { EventHistory } from '../sim/events/event-history.ts';
import { EventWorld } from '../sim/events/event-world.ts';

/** Three echoes in each round trip: those of all writes take some seconds. */
const PASSED = {
  isStamped: false,
  window: 3,
  ids: 'ascending',
  setsDup: true,
  deniesSession: false,
  fencesFirst: true,
} as const;

const HISTORY: EventHistory = {
  brokers: [{ ...PASSED, window: 20, fencesFirst: false }, PASSED],
  steps: [],
  latency: 30,
  seed: 1,
  promises: { distinct: true, noDuplicates: true, noLoss: true },
};

const WRITES = 150;

/** Longer than all echoes take, and than a cut. */
const ARRIVAL_MS = 20_000;

/** A writes, and B is cut off so many milliseconds later, if at all. */
async function played(cutAfter?: number): Promise<EventWorld> {
  const world = new EventWorld(HISTORY, {});
  await world.start();
  await world.clock.run(1_000);
  for (let left = WRITES; left > 0; left--)
    await world.play({ wait: 1, kind: 'write', broker: 0, topic: 0, value: -1 });
  if (cutAfter !== undefined)
    await world.play({ wait: cutAfter, kind: 'cut', broker: 1, for: 500, answersOnly: false });
  await world.clock.run(ARRIVAL_MS);
  return world;
}

function arrivedAt(world: EventWorld): readonly number[] {
  return world.brokers.map(({ witnessed }) => witnessed.length);
}

describe('A fence that a broker delivers before echoes', function () {
  this.timeout(0);

  it('returns none of them to their origin', async () => {
    expect(arrivedAt(await played())).to.deep.equal([WRITES, WRITES]);
  });

  it('returns none of them after a cut either, if their publishes were acknowledged', async () => {
    for (let after = 500; after < 2_500; after += 250)
      expect(arrivedAt(await played(after)), `cut after ${after} ms`).to.deep.equal([WRITES, WRITES]);
  });

  it('closes those that do not come: later fences are not published for ever', async () => {
    const world = new EventWorld(HISTORY, {});
    await world.start();
    await world.clock.run(1_000);
    await world.play({ wait: 0, kind: 'deny', broker: 1, topic: 0, for: 1_000 });
    await world.play({ wait: 1, kind: 'write', broker: 0, topic: 0, value: -1 });
    await world.clock.run(ARRIVAL_MS);
    const before = world.monitor.trafficCount;
    await world.clock.run(ARRIVAL_MS);
    expect(world.monitor.trafficCount - before).to.equal(0);
  });
});
