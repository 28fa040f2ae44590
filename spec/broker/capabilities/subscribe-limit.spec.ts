/** How many filters a broker accepts in one packet is learned from the packets that it does not answer. */

import { expect } from 'chai';
import { SubscribeLimit } from '../../../lib/broker/capabilities/subscribe-limit.ts';

const TEN_MINUTES_MS = 10 * 60_000;
const DAY_MINUTES = 24 * 60;

const UNLIMITED = Number.POSITIVE_INFINITY;

describe('SubscribeLimit', () => {
  it('is halved when a connection ends for the second time in a row, and tells the new limit', () => {
    const learned: number[] = [];
    const limit = new SubscribeLimit(filters => learned.push(filters));
    limit.unanswered(102);
    expect(limit.filters).to.equal(UNLIMITED);
    limit.unanswered(102);
    expect(limit.filters).to.equal(51);
    limit.unanswered(51);
    limit.unanswered(51);
    expect(learned).to.deep.equal([51, 25]);
  });

  it('is not lowered by the end of a connection if as many filters were answered before', () => {
    const limit = new SubscribeLimit();
    limit.answered(102);
    for (let n = 0; n < 10; n++) limit.unanswered(102);
    expect(limit.filters).to.equal(UNLIMITED);
  });

  it('keeps a suspected limit if fewer filters are answered, and drops it if as many are', () => {
    const limit = new SubscribeLimit();
    limit.unanswered(11);
    limit.answered(1);
    limit.unanswered(11);
    expect(limit.filters).to.equal(5);
    const other = new SubscribeLimit();
    other.unanswered(11);
    other.answered(11);
    other.unanswered(20);
    expect(other.filters).to.equal(UNLIMITED);
  });

  it('is lowered at once if every filter is refused, but not below the number that was answered', () => {
    const limit = new SubscribeLimit();
    limit.answered(8);
    limit.refused(12);
    expect(limit.filters).to.equal(8);
    limit.refused(8);
    expect(limit.filters).to.equal(8);
  });

  it('is the number of accepted filters if the broker accepts the first ones only', () => {
    const limit = new SubscribeLimit();
    limit.accepted(14);
    expect(limit.filters).to.equal(14);
    limit.accepted(20);
    expect(limit.filters).to.equal(14);
  });

  describe('once it is learnt', () => {
    let now: number;
    let limit: SubscribeLimit;
    let learned: number[];

    beforeEach(() => {
      now = 0;
      learned = [];
      limit = new SubscribeLimit(
        filters => learned.push(filters),
        () => now,
      );
      limit.refused(28);
    });

    it('is tried with twice as many filters after ten minutes, and raised as long as these are answered', () => {
      now = TEN_MINUTES_MS - 1;
      expect(limit.filters).to.equal(14);
      now = TEN_MINUTES_MS;
      expect(limit.filters).to.equal(28);
      limit.answered(28);
      expect(limit.filters).to.equal(56);
      expect(learned).to.deep.equal([14]);
    });

    for (const outcome of ['unanswered', 'refused'] as const) {
      it(`stands where more are ${outcome}, and is tried again after twice the time, in the end once a day`, () => {
        const tried: number[] = [];
        for (let minutes = 0; minutes < 6 * DAY_MINUTES; minutes += 10) {
          now = minutes * 60_000;
          if (limit.filters === 14) continue;
          tried.push(minutes);
          limit[outcome](28);
          expect(limit.filters).to.equal(14);
        }
        const distances = tried.map((minutes, index) => minutes - (tried[index - 1] ?? 0));
        expect(distances.slice(0, 5)).to.deep.equal([10, 20, 40, 80, 160]);
        expect(distances.at(-1)).to.equal(DAY_MINUTES);
        expect(learned).to.deep.equal([14]);
      });
    }

    it('is not told again where the broker takes the first filters of more, as many as before', () => {
      now = TEN_MINUTES_MS;
      limit.answered(28);
      limit.accepted(14);
      expect(limit.filters).to.equal(14);
      expect(learned).to.deep.equal([14]);
    });
  });
});
