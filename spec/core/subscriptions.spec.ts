/** Subscriptions to filters of which none covers another, with at least the QoS that was asked for. */

import { expect } from 'chai';
import fc from 'fast-check';
import { covers } from '../../lib/core/filter.ts';
import type { QoS } from '../../lib/core/policy.ts';
import { minimalSubscriptions, type Subscription } from '../../lib/core/subscriptions.ts';
import { anyFilter } from './filters.ts';

const qos = fc.constantFrom<QoS>(0, 1, 2);

describe('minimalSubscriptions', () => {
  const s = (filter: string, level: QoS): Subscription => ({ filter, qos: level });
  const table: readonly (readonly [
    name: string,
    wanted: Subscription[],
    maxQos: QoS,
    kept: Subscription[],
  ])[] = [
    ['keeps filters that do not overlap', [s('a', 0), s('b/+', 1)], 2, [s('a', 0), s('b/+', 1)]],
    ['drops a filter that a broader one covers', [s('a/b', 1), s('a/#', 1)], 2, [s('a/#', 1)]],
    [
      'takes over the higher QoS of a filter that it drops',
      [s('a/b', 2), s('a/+', 0), s('#', 1)],
      2,
      [s('#', 2)],
    ],
    ['keeps the higher QoS of the broader one', [s('a/b', 0), s('a/#', 2)], 2, [s('a/#', 2)]],
    ['keeps one of two equal filters', [s('a', 0), s('a', 2)], 2, [s('a', 2)]],
    ['limits the QoS to that of the broker', [s('a', 2), s('b', 1)], 0, [s('a', 0), s('b', 0)]],
    ['keeps both of two that only overlap', [s('+/b', 1), s('a/+', 1)], 2, [s('+/b', 1), s('a/+', 1)]],
    ['keeps a $ filter beside #', [s('$SYS/#', 1), s('#', 1)], 2, [s('$SYS/#', 1), s('#', 1)]],
    ['accepts an empty list', [], 2, []],
  ];
  for (const [name, wanted, maxQos, kept] of table) {
    it(name, () => expect(minimalSubscriptions(wanted, maxQos)).to.deep.equal(kept));
  }

  it('covers each wanted filter, keeps none that another covers, and grants the wanted QoS up to the limit', () => {
    const wanted = fc.array(fc.record({ filter: anyFilter, qos }), { maxLength: 6 });
    fc.assert(
      fc.property(wanted, qos, (all, maxQos) => {
        const kept = minimalSubscriptions(all, maxQos);
        for (const one of all) {
          const by = kept.filter(other => covers(other.filter, one.filter));
          expect(by, `nothing stands for ${one.filter}`).not.to.deep.equal([]);
          for (const other of by) expect(other.qos).to.be.at.least(Math.min(one.qos, maxQos));
        }
        for (const [index, one] of kept.entries()) {
          const others = kept.filter((_, at) => at !== index);
          expect(others.filter(other => covers(other.filter, one.filter))).to.deep.equal([]);
          expect(one.qos).to.be.at.most(maxQos);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
