/** A process that did not run for a while notices it with the first event. */

import { expect } from 'chai';
import { SuspensionWatch } from '../../lib/broker/suspension-watch.ts';

describe('SuspensionWatch', () => {
  interface Passed {
    readonly wall: number;
    readonly monotonic: number;
    readonly processor: number;
  }

  const cases: readonly (readonly [what: string, passed: Passed, late: number | undefined])[] = [
    ['every beat is in time', { wall: 1_000, monotonic: 1_000, processor: 10 }, undefined],
    ['a beat is late by some seconds', { wall: 5_900, monotonic: 5_900, processor: 10 }, undefined],
    ['the process was stopped for 75 s', { wall: 76_000, monotonic: 76_000, processor: 10 }, 75_000],
    [
      'the machine was suspended, and its monotonic clock too',
      { wall: 76_000, monotonic: 20, processor: 1 },
      75_000,
    ],
    [
      'the machine was suspended, and its wall clock set back',
      { wall: -9_000, monotonic: 76_000, processor: 1 },
      75_000,
    ],
    ['the wall clock was set back', { wall: -3_600_000, monotonic: 900, processor: 1 }, undefined],
    ['the process computed all the time', { wall: 11_000, monotonic: 11_000, processor: 9_000 }, undefined],
  ];
  for (const [what, { wall, monotonic, processor }, late] of cases) {
    it(`${late === undefined ? 'reports nothing if' : `reports ${late} ms if`} ${what}`, () => {
      const now = { wall: 1_000_000, monotonic: 500, processor: 50 };
      const told: number[] = [];
      const watch = new SuspensionWatch(milliseconds => told.push(milliseconds), {
        wall: () => now.wall,
        monotonic: () => now.monotonic,
        processor: () => now.processor,
      });
      now.wall += wall;
      now.monotonic += monotonic;
      now.processor += processor;
      expect(watch.check()).to.equal(late !== undefined);
      expect(told).to.deep.equal(late === undefined ? [] : [late]);
      expect(watch.check(), 'a second time').to.equal(false);
    });
  }
});
