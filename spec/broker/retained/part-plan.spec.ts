/** A plan of parts reads everything whose names can be known, within bounds, at a broker that does not show it at once. */

import { expect } from 'chai';
import fc from 'fast-check';
import { PartPlan, type PlanOptions, type PlanResult } from '../../../lib/broker/retained/part-plan.ts';
import { matches, parentOf } from '../../../lib/core/filter.ts';

/** A broker that shows its topics in one order, and only a limited number of them at once. */
interface ReplicationFixture extends Partial<PlanOptions> {
  readonly topics: readonly string[];
  readonly capacity: number;
}

interface Run {
  readonly reads: readonly (readonly string[])[];
  readonly shown: ReadonlySet<string>;
  readonly result: PlanResult;
}

function run({ topics, capacity, filters = ['#'], isCut = false, parents = [] }: ReplicationFixture): Run {
  const plan = new PartPlan({ filters, isCut, parents });
  const reads: (readonly string[])[] = [];
  const shown = new Set<string>();
  for (let read = plan.next(); read !== undefined; read = plan.next()) {
    reads.push(read);
    const fitting = read.flatMap(filter => topics.filter(topic => matches(filter, topic)));
    for (const topic of fitting.slice(0, capacity)) {
      plan.shown(topic);
      shown.add(topic);
    }
    plan.ended(fitting.length > capacity ? 'cut' : 'complete');
  }
  return { reads, shown, result: plan.result };
}

/** Sites with devices with metrics, with the same names everywhere. */
function tree(sites: number, devices: number, metrics: number): string[] {
  return range(sites).flatMap(site =>
    range(devices).flatMap(device =>
      range(metrics).map(metric => `plant/site-${site}/device-${device}/metric-${metric}`),
    ),
  );
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe('PartPlan', () => {
  it('reads the filters once, all together, if nothing is cut', () => {
    const topics = ['a', 'b/c', 'd/e/f'];
    const { reads, result } = run({ topics, capacity: 3, filters: ['a', 'b/#', 'd/#'] });
    expect(reads).to.deep.equal([['a', 'b/#', 'd/#']]);
    expect(result).to.deep.equal({ isComplete: true, reads: 1, unread: [], dropped: 0 });
  });

  it('reads filters one by one if several were cut together', () => {
    const topics = [...range(10).map(index => `a/${index}`), ...range(10).map(index => `b/${index}`)];
    const { shown, result } = run({ topics, capacity: 10, filters: ['a/#', 'b/#'] });
    expect([...shown]).to.have.members(topics);
    expect(result.isComplete).to.equal(true);
  });

  for (const [title, topics, capacity] of [
    ['a tree of which less than half came', tree(20, 10, 5), 440],
    ['a tree of which one tenth came', tree(20, 10, 5), 100],
    ['a tree whose branches have to be split as well', tree(4, 12, 20), 100],
    ['a first level with one name', tree(1, 12, 20), 100],
    ['topics above and beside others', ['plant', 'plant/site-9', 'other', ...tree(9, 4, 4)], 40],
    ['branches with few topics', tree(60, 1, 2), 70],
  ] as const) {
    it(`reads ${title} completely, though no name is known before`, () => {
      const { shown, result } = run({ topics, capacity });
      expect([...shown]).to.have.members([...topics]);
      expect(result).to.deep.include({ isComplete: true, unread: [] });
    });
  }

  it('does not begin with a read that was just cut', () => {
    const { reads } = run({ topics: tree(4, 4, 4), capacity: 30, isCut: true, parents: ['plant/site-0/'] });
    expect(reads[0]).not.to.deep.equal(['#']);
  });

  it('finds a branch that shares only its depth with others by a name that another broker holds', () => {
    const topics = [...tree(5, 5, 5), 'has/the/same/depth'];
    const without = run({ topics, capacity: 60 });
    expect(without.shown.has('has/the/same/depth')).to.equal(false);
    const { shown } = run({ topics, capacity: 60, parents: ['has/the/same/'] });
    expect(shown.has('has/the/same/depth')).to.equal(true);
  });

  for (const topic of [
    'short',
    'not/deep',
    'less/deep/here',
    'far/deeper/than/all/others',
    '1/2/3/4/5/6/7/8/9',
  ]) {
    it(`finds ${topic}, of which nothing is known, by its depth`, () => {
      const { shown, result } = run({ topics: [...tree(5, 5, 5), topic], capacity: 60 });
      expect(shown.has(topic)).to.equal(true);
      expect(result.isComplete).to.equal(true);
    });
  }

  it('plans new parts for a topic that the check shows and no part covers', () => {
    const topics = tree(5, 5, 5);
    const plan = new PartPlan({ filters: ['#'], isCut: true, parents: ['plant/site-0/device-0/'] });
    const asked: string[] = [];
    for (let read = plan.next(); read !== undefined; read = plan.next()) {
      asked.push(...read);
      const isWhole = read.includes('#');
      const fitting = read.flatMap(filter => topics.filter(topic => matches(filter, topic)));
      for (const topic of fitting) plan.shown(topic);
      if (isWhole) plan.shown('late/came/this/one');
      plan.ended(isWhole ? 'cut' : 'complete');
    }
    expect(asked).to.include.members(['#', 'late/#']);
    expect(asked.indexOf('late/#')).to.be.above(asked.indexOf('#'));
  });

  it('is not complete if one level has more topics than are shown at once, and names the level', () => {
    const topics = [...range(100).map(index => `flat/${index}`), 'deep/a/b'];
    const { shown, result } = run({ topics, capacity: 50 });
    expect(result).to.deep.include({ isComplete: false, unread: ['flat/+'] });
    expect(shown.size).to.be.below(topics.length);
  });

  it('is not complete if there are more branches than are shown at once', () => {
    const { result } = run({ topics: tree(60, 1, 2), capacity: 50 });
    expect(result.isComplete).to.equal(false);
    expect(result.unread[0]).to.match(/^plant\/\+\/device-0/);
  });

  it('reads below a level that cannot be read itself', () => {
    const topics = [...range(100).map(index => `flat/${index}`), 'flat/1/below', 'flat/99/below/that'];
    const { shown } = run({ topics, capacity: 50 });
    expect([...shown]).to.include.members(['flat/1/below', 'flat/99/below/that']);
  });

  it('is complete if the check shows everything, though a level was cut before', () => {
    const plan = new PartPlan({ filters: ['#'], isCut: false, parents: [] });
    const reads: (readonly string[])[] = [];
    for (let read = plan.next(); read !== undefined; read = plan.next()) {
      reads.push(read);
      plan.shown('flat/1');
      const isLastLook = reads.length > 1 && read.includes('#');
      plan.ended(isLastLook ? 'complete' : 'cut');
    }
    expect(plan.result).to.deep.include({ isComplete: true, unread: [] });
  });

  it('makes parts larger while they are complete, and at most half as large as a cut read', () => {
    const { reads } = run({ topics: tree(60, 5, 4), capacity: 200, isCut: false });
    const sizes = reads.map(({ length }) => length);
    expect(Math.max(...sizes)).to.be.within(3, 5);
  });

  it('ends incomplete if every read is cut', () => {
    const plan = new PartPlan({ filters: ['#'], isCut: false, parents: [] });
    let reads = 0;
    while (plan.next() !== undefined) {
      plan.shown(`level/${reads++}/below/${reads}`);
      plan.ended('cut');
    }
    expect(reads).to.be.at.most(5_000);
    expect(plan.result).to.deep.include({ isComplete: false, reads });
  });

  it('remembers a bounded number of names, and counts the others', () => {
    const parents = range(20_005).map(index => `name-${index}/`);
    const plan = new PartPlan({ filters: ['#'], isCut: true, parents });
    expect(plan.result.dropped).to.equal(5);
  });

  const level = fc.constantFrom('a', 'b', 'c', 'd');
  const topic = fc.array(level, { minLength: 1, maxLength: 5 }).map(levels => levels.join('/'));
  const topicSets = fc.uniqueArray(topic, { minLength: 1, maxLength: 200 });

  it('reads all topics if all their parents are known, unless one level has too many', () => {
    fc.assert(
      fc.property(topicSets, fc.integer({ min: 5, max: 50 }), fc.boolean(), (topics, capacity, isCut) => {
        const { shown, result, reads } = run({ topics, capacity, isCut, parents: topics.map(parentOf) });
        // Each level has at most four names here.
        expect([...shown]).to.have.members(topics);
        expect(result.isComplete).to.equal(true);
        expect(reads.length).to.be.below(2_000);
      }),
    );
  });

  it('is complete only if all topics beside each shown topic were shown, too', () => {
    fc.assert(
      fc.property(topicSets, fc.integer({ min: 1, max: 50 }), (topics, capacity) => {
        const { shown, result } = run({ topics, capacity });
        if (!result.isComplete) return;
        const parents = new Set([...shown].map(parentOf));
        for (const one of topics) if (parents.has(parentOf(one))) expect(shown.has(one), one).to.equal(true);
      }),
    );
  });
});
