/** Versions are totally ordered. A clock gives a version that is newer than all that it gave or believed before. */

import { expect } from 'chai';
import fc from 'fast-check';
import { compareVersions, HybridClock, MAX_COUNTER, type Version } from '../../lib/core/version.ts';

const NOW = Date.UTC(2026, 0, 1);
const MAX_DRIFT = 60_000;

const version: fc.Arbitrary<Version> = fc.record({
  time: fc.nat(2),
  counter: fc.nat(2),
  replica: fc.constantFrom('a', 'b', 'B', 'aa'),
});

describe('Versions', () => {
  const ascending: readonly Version[] = [
    { time: 0, counter: 1, replica: '' },
    { time: 0, counter: 2, replica: '' },
    { time: 5, counter: 0, replica: 'z' },
    { time: 5, counter: 1, replica: 'a' },
    { time: 5, counter: 1, replica: 'b' },
    { time: 6, counter: 0, replica: 'a' },
  ];
  for (const [index, newer] of ascending.entries()) {
    const older = ascending[index - 1];
    if (older === undefined) continue;
    it(`${JSON.stringify(older)} is older than ${JSON.stringify(newer)}`, () => {
      expect(compareVersions(older, newer)).to.be.lessThan(0);
      expect(compareVersions(newer, older)).to.be.greaterThan(0);
    });
  }

  it('are totally ordered, and equal only if they are the same', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).to.equal(0 - Math.sign(compareVersions(b, a)));
        const same = a.time === b.time && a.counter === b.counter && a.replica === b.replica;
        expect(compareVersions(a, b) === 0).to.equal(same);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).to.be.at.most(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('A hybrid clock', () => {
  it('uses physical time, and its counter within a millisecond', () => {
    const clock = new HybridClock('r', MAX_DRIFT);
    expect([clock.next(NOW), clock.next(NOW), clock.next(NOW + 1)]).to.deep.equal([
      { time: NOW, counter: 0, replica: 'r' },
      { time: NOW, counter: 1, replica: 'r' },
      { time: NOW + 1, counter: 0, replica: 'r' },
    ]);
  });

  it('begins in 1970', () => {
    const clock = new HybridClock('r', MAX_DRIFT);
    expect([clock.next(0), clock.next(1)]).to.deep.equal([
      { time: 0, counter: 1, replica: 'r' },
      { time: 1, counter: 0, replica: 'r' },
    ]);
  });

  it('goes on after a version of the same millisecond that it believed', () => {
    const clock = new HybridClock('r', MAX_DRIFT);
    clock.next(NOW);
    clock.witness({ time: NOW, counter: 7, replica: 'z' }, NOW);
    expect(clock.next(NOW)).to.deep.equal({ time: NOW, counter: 8, replica: 'r' });
  });

  it('gives each write a newer version than all before, however physical time jumps', () => {
    const jump = fc.integer({ min: -2 * MAX_DRIFT, max: 2 * MAX_DRIFT });
    const foreign = fc.record({ ahead: jump, counter: fc.nat(3), replica: fc.constantFrom('a', 'z') });
    fc.assert(
      fc.property(fc.array(fc.tuple(jump, fc.option(foreign)), { maxLength: 30 }), steps => {
        const clock = new HybridClock('r', MAX_DRIFT);
        let newest: Version = { time: 0, counter: 0, replica: '' };
        let now = NOW;
        for (const [jumped, other] of steps) {
          now += jumped;
          if (other !== null) {
            const seen = { time: now + other.ahead, counter: other.counter, replica: other.replica };
            if (clock.witness(seen, now) && compareVersions(seen, newest) > 0) newest = seen;
          }
          const dated = clock.next(now);
          expect(compareVersions(dated, newest)).to.be.greaterThan(0);
          newest = dated;
        }
      }),
    );
  });

  it('gives newer versions than before a restart, though the machine has lost the time', () => {
    const earlier = { time: NOW, counter: 3, replica: 'r' };
    const clock = new HybridClock('r', MAX_DRIFT);
    clock.resume(earlier);
    expect(compareVersions(clock.next(0), earlier)).to.be.greaterThan(0);
  });

  it('gives a newer version though the counter of 32 bits is at its end', () => {
    const last = { time: NOW, counter: MAX_COUNTER, replica: 'z' };
    const clock = new HybridClock('r', MAX_DRIFT);
    clock.witness(last, NOW);
    expect(clock.next(NOW)).to.deep.equal({ time: NOW + 1, counter: 0, replica: 'r' });
  });

  it('believes a version of its own after the time was set back', () => {
    const clock = new HybridClock('r', MAX_DRIFT);
    const own = clock.next(NOW);
    expect(clock.witness(own, NOW - 2 * MAX_DRIFT)).to.equal(true);
  });

  const drifts: readonly (readonly [ahead: number, believed: boolean])[] = [
    [-MAX_DRIFT * 1_000, true],
    [0, true],
    [MAX_DRIFT, true],
    [MAX_DRIFT + 1, false],
    [Date.UTC(2099, 0, 1) - NOW, false],
    [Number.MAX_SAFE_INTEGER - NOW, false],
  ];
  for (const [ahead, believed] of drifts) {
    it(`${believed ? 'believes' : 'does not believe'} a version ${ahead} ms ahead`, () => {
      const foreign = { time: NOW + ahead, counter: 7, replica: 'z' };
      expect(new HybridClock('r', MAX_DRIFT).witness(foreign, NOW)).to.equal(believed);
    });
  }

  it('does not move for a version that it does not believe', () => {
    const clock = new HybridClock('r', MAX_DRIFT);
    clock.witness({ time: Date.UTC(2099, 0, 1), counter: 0, replica: 'z' }, NOW);
    expect(clock.next(NOW).time).to.equal(NOW);
  });
});
