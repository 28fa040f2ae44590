/**
 * E1, E2, E3, E4, E5, E6, E7, E8, E10, E12: no simulated history of events leads to an objection.
 *
 * `npm run simulate:events` plays more of them.
 */

import { expect } from 'chai';
import type { EventHistory } from './event-history.ts';
import { EVENT_TRIALS, type EventTrialName, tryEventHistories } from './event-trials.ts';
import { playHistory } from './play-history.ts';

/** Histories of each kind. */
const HISTORIES = 100;
const SEED = 20_260_102;

describe('Simulated histories of events', function () {
  this.timeout(0);

  for (const name of Object.keys(EVENT_TRIALS) as EventTrialName[]) {
    it(`keep all invariants, with ${name}`, async () => {
      const failure = await tryEventHistories(name, HISTORIES, { seed: SEED });
      expect(failure && { ...failure, history: JSON.stringify(failure.history) }).to.equal(undefined);
    });
  }

  const ordinary = { window: 1, ids: 'ascending', setsDup: true, deniesSession: false } as const;

  const FOUND: Readonly<Record<string, EventHistory>> = {
    'a fence from before the connection was resolved comes behind what is published again': {
      brokers: [
        { ...ordinary, isStamped: true },
        { ...ordinary, isStamped: false },
      ],
      steps: [
        { wait: 0, kind: 'cut', broker: 1, for: 0, answersOnly: false },
        { wait: 0, kind: 'write', broker: 0, topic: 0, value: -1 },
        { wait: 0, kind: 'write', broker: 0, topic: 0, value: -1 },
        { wait: 2, kind: 'fill disk', for: 3_002 },
        { wait: 0, kind: 'write', broker: 1, topic: 0, value: -1 },
      ],
      latency: 1,
      seed: 0,
      promises: { distinct: true, noDuplicates: true, noLoss: true },
    },
    'a client of the destination writes what is being published there, and that is cut off': {
      brokers: [
        { ...ordinary, isStamped: false },
        { ...ordinary, isStamped: false },
      ],
      steps: [
        ...[0, 1].map(broker => ({ wait: 1, kind: 'write', broker, topic: 0, value: 7 }) as const),
        { wait: 3_000, kind: 'cut', broker: 1, for: 0, answersOnly: false },
        { wait: 0, kind: 'write', broker: 0, topic: 0, value: 7 },
        { wait: 0, kind: 'write', broker: 1, topic: 0, value: 7 },
        { wait: 90, kind: 'cut', broker: 1, for: 0, answersOnly: false },
      ],
      latency: 30,
      seed: 1,
      promises: { distinct: false, noDuplicates: false, noLoss: true },
    },
  };

  for (const [what, history] of Object.entries(FOUND)) {
    it(`keep all invariants when ${what}`, async () => {
      expect(await playHistory(history)).to.deep.equal([]);
    });
  }
});
