/** Topics in the order of their names, in pages and as a tree, agree with a walk through all topics. */

import { expect } from 'chai';
import fc from 'fast-check';
import { matches } from '../../../lib/core/filter.ts';
import { inSlices } from '../../../lib/reconciler/topics/slices.ts';
import { sort, TopicIndex } from '../../../lib/reconciler/topics/topic-index.ts';
import { compareTopics, firstPast, rangeBeneath } from '../../../lib/reconciler/topics/topic-order.ts';
import { type Level, levelOf, type Page, pageOf } from '../../../lib/reconciler/topics/topic-pages.ts';

/** Names that lie close to each other, with the characters around `/` in the order of Unicode. */
const topic = fc
  .array(fc.constantFrom('a', 'b', 'ab', '', '-', '.', '0', 'é'), { minLength: 1, maxLength: 4 })
  .map(levels => levels.join('/'))
  .filter(text => text !== '');

const topics = fc.uniqueArray(topic, { maxLength: 60 });

const sorted = (all: readonly string[]) => inSlices(sort(all));

/** The definition of the order: the levels of topics are compared one by one. */
function byLevels(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [one = '', other = ''] = [left[index], right[index]];
    if (one !== other) return one < other ? -1 : 1;
  }
  return left.length - right.length;
}

describe('Topics in the order of their names', () => {
  it('are ordered level by level', () => {
    fc.assert(
      fc.property(topic, topic, (a, b) => {
        expect(Math.sign(compareTopics(a, b))).to.equal(Math.sign(byLevels(a, b)));
      }),
    );
  });

  it('are sorted by runs as in one go, each topic once', async () => {
    const all = Array.from({ length: 5_000 }, (_, index) => `t/${(index * 7_919) % 5_000}`);
    const result = await sorted([...all, ...all.slice(0, 700)]);
    expect(result).to.deep.equal(all.toSorted(byLevels));
    expect(await sorted([])).to.deep.equal([]);
  });

  it('are found by the beginning of their names', () => {
    fc.assert(
      fc.property(topics, topic, fc.nat(60), (all, wanted, from) => {
        const list = all.toSorted(byLevels);
        const start = Math.min(from, list.length);
        const index = list.findIndex((one, at) => at >= start && byLevels(one, wanted) >= 0);
        const found = firstPast(list, start, one => compareTopics(one, wanted) >= 0);
        expect(found).to.equal(index < 0 ? list.length : index);
      }),
    );
  });

  it('keep all topics beneath another one together', () => {
    fc.assert(
      fc.property(topics, topic, (all, parent) => {
        const list = all.toSorted(byLevels);
        const { start, end } = rangeBeneath(list, `${parent}/`);
        expect(list.slice(start, end)).to.deep.equal(list.filter(one => one.startsWith(`${parent}/`)));
      }),
    );
  });
});

describe('Pages of topics', () => {
  const filter = fc.oneof(
    fc.constantFrom('', '#', '+/#', 'a/#', 'a/+', '+/a', 'a/b', 'A', 'b/', 'a/+/#', '/#'),
    topic,
  );
  const isWanted = (wanted: string, one: string) =>
    /(^|\/)[+#](\/|$)/.test(wanted) ? matches(wanted, one) : one.toLowerCase().includes(wanted.toLowerCase());

  it('contain all matching topics, in order, with their number', async () => {
    await fc.assert(
      fc.asyncProperty(topics, filter, fc.integer({ min: 1, max: 20 }), async (all, wanted, limit) => {
        const list = await sorted(all);
        const expected = list.filter(one => isWanted(wanted, one));
        const seen: string[] = [];
        let after: string | null = null;
        do {
          const page: Page = await inSlices(pageOf(list, { filter: wanted, after, limit }, () => true));
          expect(page.matching).to.equal(expected.length);
          expect(page.topics.length).to.be.at.most(limit);
          seen.push(...page.topics);
          after = page.next;
        } while (after !== null);
        expect(seen).to.deep.equal(expected);
      }),
    );
  });

  it('leave out topics that are not listed any more', async () => {
    const page = await inSlices(
      pageOf(['a', 'b', 'c'], { filter: '', after: null, limit: 9 }, one => one !== 'b'),
    );
    expect(page.topics).to.deep.equal(['a', 'c']);
  });
});

describe('A level of the tree', () => {
  it('has each name once, with the number of topics beneath and of diverging ones', async () => {
    await fc.assert(
      fc.asyncProperty(topics, topics, fc.integer({ min: 1, max: 9 }), async (some, diverging, limit) => {
        const all = [...new Set([...some, ...diverging])];
        const [list, different] = [await sorted(all), await sorted(diverging)];
        for (const under of ['', ...new Set(all.map(one => one.slice(0, one.indexOf('/') + 1)))]) {
          const inside = all.filter(one => one.startsWith(under)).map(one => one.slice(under.length));
          const names = [...new Set(inside.map(rest => rest.split('/')[0] ?? ''))].toSorted(byLevels);
          const beneath = (name: string, of: readonly string[]) =>
            of.filter(one => one.startsWith(`${under}${name}/`)).length;
          const nodes = [];
          let after: string | null = null;
          do {
            const level: Level = await inSlices(levelOf(list, different, { under, after, limit }));
            expect(level.size).to.equal(names.length);
            nodes.push(...level.nodes);
            after = level.next;
          } while (after !== null);
          expect(nodes).to.deep.equal(
            names.map(name => ({
              name,
              isTopic: inside.includes(name),
              beneath: beneath(name, all),
              diverging: beneath(name, diverging),
            })),
          );
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('TopicIndex', () => {
  it('is built on request, and built again when enough time has passed', async () => {
    let revision = 1;
    let made = 0;
    const names = ['b', 'a'];
    const index = new TopicIndex({
      get revision() {
        return revision;
      },
      *topics() {
        made++;
        yield* names;
      },
    });
    expect(made).to.equal(0);
    expect(await Promise.all([index.topics(), index.topics()])).to.deep.equal([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    await index.topics();
    expect(made).to.equal(1);
    index.close();
    names.push('c');
    revision++;
    expect(await index.topics()).to.deep.equal(['a', 'b', 'c']);
    expect(made).to.equal(2);
    index.close();
  });
});
