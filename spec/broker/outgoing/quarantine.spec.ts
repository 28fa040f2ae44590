/** A topic that a broker hangs up on is quarantined, sent alone, and left out; no other topic is. */

import { expect } from 'chai';
import { causesOfHangup } from '../../../lib/broker/outgoing/halving.ts';
import { MAX_QUARANTINED_TOPICS, Quarantine } from '../../../lib/broker/outgoing/quarantine.ts';

const HOUR_MS = 60 * 60_000;

describe('Quarantine', () => {
  let quarantine: Quarantine;

  beforeEach(() => {
    quarantine = new Quarantine();
  });

  it('takes a topic in after the first hang-up that it may have caused', () => {
    quarantine.hungUp(['a', 'b']);
    expect(quarantine.routeOf('a', 0)).to.equal('quarantine');
    expect(quarantine.routeOf('b', 0)).to.equal('quarantine');
    expect(quarantine.routeOf('c', 0)).to.equal('free');
  });

  it('releases a topic as soon as the broker accepts it', () => {
    quarantine.hungUp(['a']);
    quarantine.accepted('a');
    expect(quarantine.routeOf('a', 0)).to.equal('free');
    expect(quarantine.size).to.equal(0);
  });

  it('bars a topic at the second strike if the broker hung up on it alone', () => {
    quarantine.hungUp(['a', 'b']);
    quarantine.hungUp(['a', 'b']);
    expect(quarantine.routeOf('a', 0)).to.equal('quarantine');
    expect(quarantine.hungUpOnAlone('a', 0)).to.equal(true);
    expect(quarantine.routeOf('a', 0)).to.equal('barred');
    expect(quarantine.routeOf('b', 0)).to.equal('quarantine');
  });

  it('lets a topic be sent twice that had no strike before', () => {
    expect(quarantine.hungUpOnAlone('a', 0)).to.equal(false);
    expect(quarantine.hungUpOnAlone('a', 0)).to.equal(true);
  });

  it('lets a barred topic be sent again after a time that doubles up to an hour, and not before', () => {
    const distances: number[] = [];
    let now = 0;
    quarantine.hungUp(['a']);
    for (let time = 0; time < 9; time++) {
      quarantine.hungUpOnAlone('a', now);
      const distance = quarantine.barredFor('a', now);
      expect(quarantine.routeOf('a', now + distance - 1)).to.equal('barred');
      now += distance;
      expect(quarantine.routeOf('a', now)).to.equal('quarantine');
      distances.push(distance / 60_000);
    }
    expect(distances).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(now).to.be.above(HOUR_MS);
  });

  it('holds no more topics than its bound', () => {
    quarantine.hungUp(Array.from({ length: MAX_QUARANTINED_TOPICS + 5 }, (_, index) => `t${index}`));
    expect(quarantine.size).to.equal(MAX_QUARANTINED_TOPICS);
    expect(quarantine.routeOf('t0', 0)).to.equal('free');
    expect(quarantine.routeOf(`t${MAX_QUARANTINED_TOPICS}`, 0)).to.equal('quarantine');
  });
});

describe('causesOfHangup', () => {
  const cases = [
    {
      title: 'halves a group of which nothing was acknowledged',
      group: ['a', 'b', 'c', 'd', 'e'],
      acknowledged: [],
      causes: {
        accepted: [],
        alone: undefined,
        groups: [
          ['a', 'b', 'c'],
          ['d', 'e'],
        ],
      },
    },
    {
      title: 'clears what was acknowledged before something else',
      group: ['a', 'b', 'c', 'd', 'e'],
      acknowledged: ['a', 'b'],
      causes: {
        accepted: ['a'],
        alone: undefined,
        groups: [
          ['b', 'c'],
          ['d', 'e'],
        ],
      },
    },
    {
      title: 'keeps the one that was acknowledged last, where all were',
      group: ['a', 'b'],
      acknowledged: ['a', 'b'],
      causes: { accepted: ['a'], alone: undefined, groups: [['b']] },
    },
    {
      title: 'blames a topic that was alone',
      group: ['a'],
      acknowledged: [],
      causes: { accepted: [], alone: 'a', groups: [] },
    },
    {
      title: 'blames a topic that was alone and acknowledged',
      group: ['a'],
      acknowledged: ['a'],
      causes: { accepted: [], alone: 'a', groups: [] },
    },
    {
      title: 'blames no topic that was sent beside one that was denied',
      group: ['a'],
      acknowledged: [],
      denied: 1,
      causes: { accepted: [], alone: undefined, groups: [['a']] },
    },
  ];
  for (const { title, group, acknowledged, denied, causes } of cases) {
    it(title, () => expect(causesOfHangup(group, acknowledged, denied)).to.deep.equal(causes));
  }

  /** Like the QuarantinePublisher, at a broker that hangs up on some topics. Returns how many hang-ups find all of them. */
  function find(topics: readonly string[], bad: readonly string[], acknowledgesBad: boolean) {
    const quarantine = new Quarantine();
    quarantine.hungUp(topics);
    const groups: (readonly string[])[] = [topics];
    const barred: string[] = [];
    let hangups = 0;
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      const scope = group.findIndex(topic => bad.includes(topic));
      if (scope < 0) {
        for (const topic of group) quarantine.accepted(topic);
        continue;
      }
      hangups++;
      const causes = causesOfHangup(group, group.slice(0, scope + (acknowledgesBad ? 1 : 0)));
      for (const topic of causes.accepted) quarantine.accepted(topic);
      groups.unshift(...causes.groups);
      if (causes.alone === undefined) continue;
      if (quarantine.hungUpOnAlone(causes.alone, 0)) barred.push(causes.alone);
      else groups.unshift([causes.alone]);
    }
    return { barred, hangups, left: topics.filter(topic => quarantine.routeOf(topic, 0) === 'quarantine') };
  }

  const topics = Array.from({ length: 64 }, (_, index) => `t${index}`);
  for (const [bad, most] of [
    [['t3'], 8],
    [['t3', 't20', 't21', 't63'], 24],
    [topics.slice(0, 30), 100],
    [topics, 130],
  ] as const) {
    for (const acknowledgesBad of [false, true]) {
      const how = acknowledgesBad ? 'that are acknowledged first' : 'that are not acknowledged';
      it(`finds ${bad.length} bad of ${topics.length} topics ${how}, within ${most} hang-ups`, () => {
        const found = find(topics, bad, acknowledgesBad);
        expect([...found.barred].sort()).to.deep.equal([...bad].sort());
        expect(found.left).to.deep.equal([]);
        expect(found.hangups).to.be.at.most(most);
      });
    }
  }
});
