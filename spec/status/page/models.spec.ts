/** The pure parts of the page: what it shows for a status. */

import { expect } from 'chai';
import type { BrokerStatus, Delta, Histogram, RateSample, Status } from '../../../lib/status/api.ts';
import { announcements } from '../../../lib/status/page/model/announcements.ts';
import { convergenceColumns, sentence, within } from '../../../lib/status/page/model/convergence.ts';
import { EventStreamReader } from '../../../lib/status/page/model/event-stream.ts';
import { ago, count, elapsed, rate, size, span } from '../../../lib/status/page/model/figures.ts';
import {
  MAX_CONFLICTS,
  RATES_SPAN,
  signsOfChange,
  withDelta,
} from '../../../lib/status/page/model/live-status.ts';
import { rateColumns } from '../../../lib/status/page/model/rate-columns.ts';
import { CARD, HUB, ringLayout } from '../../../lib/status/page/model/ring-layout.ts';
import { shownValue, visible } from '../../../lib/status/page/model/value-text.ts';
import { PretendWorld, text } from '../../page/pretend-world.ts';

const world = new PretendWorld(['OSLO', 'PARIS', 'QUEBEC'], { 'canards/menu': 'oats' });

describe('The status that the page keeps', () => {
  const status = world.status();

  it('keeps values that a delta does not contain', () => {
    expect(withDelta(status, {})).to.deep.equal(status);
  });

  it('replaces the brokers of a delta in their order', () => {
    const paris = { ...broker('PARIS'), state: 'unreachable' as const };
    const { brokers } = withDelta(status, { brokers: [paris] });
    expect(brokers.map(({ name, state }) => `${name} ${state}`)).to.deep.equal([
      'OSLO ready',
      'PARIS unreachable',
      'QUEBEC ready',
    ]);
  });

  it('has new objects after a message, but not after a new sample of the rates', () => {
    const changed = (delta: Delta) => {
      const after = signsOfChange(withDelta(status, delta));
      return signsOfChange(status).some((sign, i) => sign !== after[i]);
    };
    expect(changed({ rates: [sampleAt(Date.now())] })).to.equal(false);
    expect(changed({ brokers: [broker('OSLO')] })).to.equal(true);
    expect(changed({ topics: { ...status.topics } })).to.equal(true);
  });

  it('stays bounded, however many deltas arrive', () => {
    let kept: Status = { ...status, rates: [], conflicts: [] };
    for (let second = 0; second < 2000; second++) {
      const winner = { broker: 'OSLO', value: text(String(second)) };
      kept = withDelta(kept, {
        rates: [sampleAt(second * 1000)],
        conflicts: [{ at: second, topic: 't', winner, loser: winner, decidedBy: 'arrival' }],
      });
    }
    expect(kept.rates).to.have.length(RATES_SPAN / 1000);
    expect(kept.conflicts).to.have.length(MAX_CONFLICTS);
    expect(kept.conflicts[0]?.at, 'the newest is first').to.equal(1999);
  });
});

describe('The parser of Server-Sent Events', () => {
  it('assembles events from parts that end anywhere', () => {
    const reader = new EventStreamReader();
    const stream =
      ': hello\n\nevent: status\ndata: {"a":1}\n\nevent: delta\r\ndata: {"b":\r\ndata: 2}\r\n\r\n';
    const events = [...stream].flatMap(character => reader.read(character));
    expect(events).to.deep.equal([
      { event: 'status', data: '{"a":1}' },
      { event: 'delta', data: '{"b":\n2}' },
    ]);
  });

  it('fails at an event without an end', () => {
    const reader = new EventStreamReader();
    const piece = 'x'.repeat(1_000_000);
    expect(() => {
      for (let i = 0; i < 10; i++) reader.read(piece);
    }).to.throw('without an end');
  });
});

describe('Figures', () => {
  it('have few digits', () => {
    expect([0, 0.01, 0.31, 9.96, 12.4, 1234.5].map(rate)).to.deep.equal([
      '0',
      '<0.1',
      '0.3',
      '10',
      '12',
      '1,235',
    ]);
    expect([0.42, 38.2, 999.6, 1200, 61_000].map(elapsed).map(plain)).to.deep.equal([
      '0.4 ms',
      '38 ms',
      '1 s',
      '1.2 s',
      '1 min',
    ]);
    expect([-5, 12_000, 200_000, 7_500_000, 7_200_000, 356_400_000].map(span).map(plain)).to.deep.equal([
      '0 s',
      '12 s',
      '3 min',
      '2 h 5 min',
      '2 h',
      '4 d 3 h',
    ]);
    expect([400, 12_000].map(ago).map(plain)).to.deep.equal(['now', '12 s ago']);
    expect([12, 3400, 2_000_000].map(size).map(plain)).to.deep.equal(['12 B', '3.4 kB', '2 MB']);
    expect(count(100_000)).to.equal('100,000');
  });
});

describe('announcements', () => {
  it('contain changes of states and no figures', () => {
    const before = world.status();
    const diverging = { converged: 0, diverging: 1, blocked: 0, deleted: 0 };
    const cut: Status = {
      ...before,
      topics: diverging,
      brokers: [{ ...broker('OSLO'), state: 'unreachable' }, broker('PARIS'), broker('QUEBEC')],
    };
    expect(announcements(before, before)).to.deep.equal([]);
    expect(announcements(before, cut)).to.deep.equal(['OSLO is unreachable.', '1 topic diverging.']);
    expect(announcements(cut, before)).to.deep.equal(['OSLO is ready.', 'All topics have converged.']);
    expect(announcements(before, { ...before, rates: [] })).to.deep.equal([]);
  });
});

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

describe('A value on the page', () => {
  it('is distinguished from a word of the page', () => {
    expect(shownValue(text('deleted'))).to.deep.equal({ text: 'deleted', isWord: false });
    expect(shownValue({ kind: 'deleted' })).to.deep.equal({ text: 'deleted', isWord: true });
  });

  it('cannot change the text around it', () => {
    expect(visible('a\nb\u0000c\u007fd\u202ee')).to.equal('a␊b␀c␡d\ufffde');
    expect(shownValue(text('x'.repeat(1000))).text).to.have.length(201);
  });
});

function broker(name: string): BrokerStatus {
  const found = world.brokers.find(each => each.name === name);
  if (found === undefined) throw new Error(`no broker ${name}`);
  return found;
}

function sampleAt(at: number): RateSample {
  return {
    at,
    seconds: 1,
    received: { OSLO: 1 },
    published: {},
    converged: { count: 0, median: null, p95: null },
  };
}

/** With ordinary spaces. */
function plain(figure: string): string {
  return figure.replaceAll('\u00a0', ' ');
}
