/** What the page draws of a status: the convergence, the rates and the ring of brokers. */

import { expect } from 'chai';
import type { Histogram, RateSample } from '../../../lib/status/api.ts';
import { alone, convergenceColumns, sentence, within } from '../../../lib/status/page/model/convergence.ts';
import { rateColumns } from '../../../lib/status/page/model/rate-columns.ts';
import { CARD, HUB, ringLayout } from '../../../lib/status/page/model/ring-layout.ts';
import { plain, sampleAt } from './models-fixture.ts';

describe('The convergence histogram', () => {
  const histogram: Histogram = {
    buckets: [
      { upTo: 10, count: 0 },
      { upTo: 50, count: 0 },
      { upTo: 100, count: 60 },
      { upTo: 250, count: 90 },
      { upTo: 500, count: 90 },
      { upTo: null, count: 100 },
    ],
    sum: 20_000,
    count: 100,
  };

  it('becomes a median and a 95th percentile over time, with gaps where nothing changed', () => {
    const sample = (at: number, median: number | null, p95: number | null) => ({
      ...sampleAt(at),
      converged: { count: median === null ? 0 : 3, median, p95 },
    });
    expect(convergenceColumns([sample(1000, 40, 90), sample(2000, null, null)])).to.deep.equal({
      at: [1, 2],
      median: [40, null],
      p95: [90, null],
    });
  });

  it('has a point for each change that came alone, since no line leads to it', () => {
    expect(alone([null, 4, null, 5, 6, null, 7])).to.deep.equal([1, 6]);
    expect(alone([3])).to.deep.equal([0]);
    expect(alone([null, 1, 2])).to.deep.equal([]);
  });

  it('becomes a sentence that claims no more than the buckets show', () => {
    expect(within(histogram, 0.5)).to.equal(100);
    expect(within(histogram, 0.95)).to.equal(null);
    expect(plain(sentence(histogram))).to.equal(
      'Since the start half of the changes arrived everywhere within 100 ms, 95 % after more than 500 ms.',
    );
    expect(sentence({ buckets: [], sum: 0, count: 0 })).to.equal('Nothing has changed yet.');
  });
});

describe('The rates', () => {
  const rates: RateSample[] = [
    {
      at: 2000,
      seconds: 2,
      received: { OSLO: 4, PARIS: 2 },
      published: { PARIS: 8 },
      converged: { count: 0, median: null, p95: null },
    },
    {
      at: 3000,
      seconds: 1,
      received: {},
      published: { OSLO: 1 },
      converged: { count: 0, median: null, p95: null },
    },
  ];

  it('are messages per second, of all brokers or of one', () => {
    expect(rateColumns(rates)).to.deep.equal({ at: [2, 3], received: [3, 0], published: [4, 1] });
    expect(rateColumns(rates, 'OSLO')).to.deep.equal({ at: [2, 3], received: [2, 0], published: [0, 1] });
    expect(rateColumns(rates, '__proto__').received).to.deep.equal([0, 0]);
  });
});

describe('The ring', () => {
  it('keeps cards apart from each other, the replicator and the border', () => {
    for (let brokers = 1; brokers <= 8; brokers++) {
      for (const width of [700, 800, 1000, 1400]) {
        const ring = ringLayout(brokers, width);
        if (ring === undefined) continue;
        for (const [i, spot] of ring.spots.entries()) {
          const where = `card ${i + 1} of ${brokers} at width ${width}`;
          expect(spot.x - CARD.width / 2, where).to.be.at.least(-0.5);
          expect(spot.x + CARD.width / 2, where).to.be.at.most(width + 0.5);
          expect(spot.y - CARD.height / 2, where).to.be.at.least(-0.5);
          expect(spot.y + CARD.height / 2, where).to.be.at.most(ring.height + 0.5);
          const apart = Math.hypot(
            Math.max(Math.abs(spot.x - ring.middle.x) - CARD.width / 2, 0),
            Math.max(Math.abs(spot.y - ring.middle.y) - CARD.height / 2, 0),
          );
          expect(apart, `${where} and the replicator`).to.be.above(HUB);
          for (const other of ring.spots.slice(i + 1)) {
            const clear =
              Math.abs(spot.x - other.x) >= CARD.width || Math.abs(spot.y - other.y) >= CARD.height;
            expect(clear, `${where} and another one`).to.equal(true);
          }
        }
      }
    }
  });

  it('exists for three brokers on a wide page, not on a phone, and not for thirty brokers', () => {
    for (const brokers of [1, 2, 3, 4])
      expect(ringLayout(brokers, 700), `${brokers}`).to.not.equal(undefined);
    for (const brokers of [5, 6]) expect(ringLayout(brokers, 900), `${brokers}`).to.not.equal(undefined);
    expect(ringLayout(3, 340)).to.equal(undefined);
    expect(ringLayout(30, 1400)).to.equal(undefined);
  });
});
