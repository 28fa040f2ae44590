/**
 * E8: what a cut doubles where no stamp proves an echo (MQTT 3.1.1), if contents repeat: a bounded number, though more publishes are
 * in flight. The event actor and the log are the real ones, between simulated brokers.
 */

import { expect } from 'chai';
import { REPEATED_WINDOW } from '../../lib/events/repeated-contents.ts';
import type { EventHistory } from '../sim/events/event-history.ts';
import { EventWorld } from '../sim/events/event-world.ts';

const UNSTAMPED = {
  isStamped: false,
  window: 20,
  ids: 'ascending',
  setsDup: true,
  deniesSession: false,
} as const;

const HISTORY: EventHistory = {
  brokers: [UNSTAMPED, UNSTAMPED],
  steps: [],
  latency: 5,
  seed: 1,
  promises: { distinct: false, noDuplicates: false, noLoss: true },
};

const WRITES = 60;
const ARRIVAL_MS = 10_000;

type Fault = 'cut' | 'kill';

/** A writes equal or distinct contents while B is away; B returns, and a fault comes so many milliseconds after the return began. */
async function withFaultAt(after: number, fault: Fault, value: 7 | -1): Promise<EventWorld> {
  const world = new EventWorld(HISTORY, {});
  await world.start();
  await world.clock.run(1_000);
  await world.play({ wait: 0, kind: 'write', broker: 1, topic: 0, value: 7 });
  await world.play({ wait: 1_000, kind: 'cut', broker: 1, for: 500, answersOnly: false });
  for (let left = WRITES; left > 0; left--)
    await world.play({ wait: 1, kind: 'write', broker: 0, topic: 0, value });
  await world.clock.run(500 - WRITES + after);
  if (fault === 'cut') await world.play({ wait: 0, kind: 'cut', broker: 1, for: 0, answersOnly: true });
  else await world.play({ wait: 0, kind: 'kill', for: 10, answersOnly: true });
  await world.clock.run(ARRIVAL_MS);
  return world;
}

function arrivedAt(world: EventWorld, broker: number): number {
  return world.brokers[broker]?.witnessed.length ?? 0;
}

describe('After a fault, over MQTT 3.1.1', function () {
  this.timeout(0);

  for (const fault of ['cut', 'kill'] as const) {
    it(`E8: of the kind ${fault}, at most ${REPEATED_WINDOW} equal events are doubled, and as many return to their origin`, async () => {
      const [doubled, returned]: [number[], number[]] = [[], []];
      for (let after = 0; after < 150; after += 3) {
        const world = await withFaultAt(after, fault, 7);
        doubled.push(arrivedAt(world, 1) - WRITES - 1);
        returned.push(arrivedAt(world, 0) - WRITES - 1);
      }
      expect(Math.min(...doubled, ...returned), 'lost').to.be.at.least(0);
      expect(Math.max(...doubled), 'no fault met them in flight').to.be.above(0);
      expect(Math.max(...doubled)).to.be.at.most(REPEATED_WINDOW);
      expect(Math.max(...returned)).to.be.at.most(REPEATED_WINDOW);
    });

    it(`of the kind ${fault}, distinct events are neither doubled nor held up by that bound`, async () => {
      for (let after = 0; after < 150; after += 3) {
        const world = await withFaultAt(after, fault, -1);
        expect([arrivedAt(world, 0), arrivedAt(world, 1)]).to.deep.equal([WRITES + 1, WRITES + 1]);
      }
    });
  }
});
