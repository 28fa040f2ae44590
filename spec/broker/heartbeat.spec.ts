/** A process that did not run for a while notices it with the first thing that happens. */

import { expect } from 'chai';
import { Heartbeat } from '../../lib/broker/heartbeat.ts';

describe('The heartbeat of a worker', () => {
  interface Passed {
    readonly wall: number;
    readonly steady: number;
    readonly processor: number;
  }

  const cases: readonly (readonly [what: string, passed: Passed, late: number | undefined])[] = [
    ['all is in time', { wall: 1_000, steady: 1_000, processor: 10 }, undefined],
    ['it is late by some seconds', { wall: 5_900, steady: 5_900, processor: 10 }, undefined],
    ['the process was stopped for 75 s', { wall: 76_000, steady: 76_000, processor: 10 }, 75_000],
    [
      'the machine was suspended, and the steady clock with it',
      { wall: 76_000, steady: 20, processor: 1 },
      75_000,
    ],
    [
      'the machine was suspended, and its clock put back',
      { wall: -9_000, steady: 76_000, processor: 1 },
      75_000,
    ],
    ['the clock was put back', { wall: -3_600_000, steady: 900, processor: 1 }, undefined],
    ['the process computed all the time', { wall: 11_000, steady: 11_000, processor: 9_000 }, undefined],
  ];
  for (const [what, { wall, steady, processor }, late] of cases) {
    it(`${late === undefined ? 'says nothing where' : `tells ${late} ms where`} ${what}`, () => {
      const now = { wall: 1_000_000, steady: 500, processor: 50 };
      const told: number[] = [];
      const heartbeat = new Heartbeat(milliseconds => told.push(milliseconds), {
        wall: () => now.wall,
        steady: () => now.steady,
        processor: () => now.processor,
      });
      now.wall += wall;
      now.steady += steady;
      now.processor += processor;
      expect(heartbeat.check()).to.equal(late !== undefined);
      expect(told).to.deep.equal(late === undefined ? [] : [late]);
      expect(heartbeat.check(), 'a second time').to.equal(false);
    });
  }
});
