/** Topic filters work as MQTT 5 §4.7 defines them. */

import { expect } from 'chai';
import fc from 'fast-check';
import {
  bySpecificity,
  covers,
  filterFault,
  hasWildcards,
  isReplicable,
  matches,
  parentOf,
} from '../../lib/core/filter.ts';
import { anyFilter, anyTopic } from './filters.ts';

describe('filterFault', () => {
  const faults: readonly (readonly [filter: string, fault: RegExp | undefined])[] = [
    ['#', undefined],
    ['+', undefined],
    ['/', undefined],
    ['//', undefined],
    ['sport/tennis/#', undefined],
    ['+/tennis/#', undefined],
    ['sport/+/player1', undefined],
    ['$SYS/#', undefined],
    ['', /empty/],
    ['a\0b', /U\+0000/],
    ['sport/tennis#', /`#` must stand alone/],
    ['##', /`#` must stand alone/],
    ['sport/#/ranking', /`#` must be the last/],
    ['sport+', /`\+` must stand alone/],
    ['++', /`\+` must stand alone/],
  ];
  for (const [filter, fault] of faults) {
    it(`${fault === undefined ? 'accepts' : 'rejects'} ${JSON.stringify(filter)}`, () => {
      if (fault === undefined) expect(filterFault(filter)).to.equal(undefined);
      else expect(filterFault(filter)).to.match(fault);
    });
  }
});

describe('matches', () => {
  const table: readonly (readonly [filter: string, yes: readonly string[], no: readonly string[]])[] = [
    ['sport/tennis', ['sport/tennis'], ['sport', 'sport/tennis/', '/sport/tennis', 'Sport/tennis']],
    ['sport/#', ['sport', 'sport/', 'sport/tennis', 'sport/tennis/player1'], ['sports', '/sport']],
    ['#', ['a', '/', '/a', 'a//b'], ['$SYS', '$SYS/uptime', '$']],
    ['sport/+', ['sport/', 'sport/tennis'], ['sport', 'sport/tennis/player1']],
    ['+', ['finance', 'a'], ['/finance', '/', '$SYS']],
    ['/+', ['/finance', '/'], ['finance', '/finance/']],
    ['+/+', ['/finance', '/', 'a/b'], ['finance', '$SYS/uptime']],
    ['+/tennis/#', ['sport/tennis', 'sport/tennis/1', '/tennis'], ['tennis', '$SYS/tennis']],
    ['a//b', ['a//b'], ['a/b', 'a/x/b']],
    ['a/+/b', ['a//b', 'a/x/b'], ['a/b', 'a/x/y/b']],
    ['$SYS/#', ['$SYS', '$SYS/uptime'], ['SYS', 'a/$SYS']],
    ['$SYS/monitor/+', ['$SYS/monitor/Clients'], ['$SYS/monitor']],
    ['+/monitor/Clients', ['a/monitor/Clients'], ['$SYS/monitor/Clients']],
    ['a/#', ['a/$b', 'a/.*', 'a/__proto__'], []],
    ['.*', ['.*'], ['ab']],
  ];
  for (const [filter, yes, no] of table) {
    for (const topic of yes)
      it(`${filter} matches ${topic}`, () => expect(matches(filter, topic)).to.equal(true));
    for (const topic of no)
      it(`${filter} does not match ${topic}`, () => expect(matches(filter, topic)).to.equal(false));
  }
});

describe('covers', () => {
  it('holds only if the broad filter matches every topic that the narrow one matches', () => {
    fc.assert(
      fc.property(anyFilter, anyFilter, anyTopic, (broad, narrow, topic) => {
        if (covers(broad, narrow) && matches(narrow, topic)) expect(matches(broad, topic)).to.equal(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('fails only if some topic matches the narrow filter alone', () => {
    fc.assert(
      fc.property(anyFilter, anyFilter, (broad, narrow) => {
        // `#` and `+/#` match the same topics; only the first is known to cover the second.
        fc.pre(narrow !== '#' && !covers(broad, narrow));
        const witnesses = [narrow.replace('/#', ''), narrow.replace('#', 'x/y/z/x/y')];
        const alone = witnesses
          .map(witness => witness.replaceAll('+', 'elsewhere'))
          .filter(topic => matches(narrow, topic) && !matches(broad, topic));
        expect(alone).not.to.deep.equal([]);
      }),
      { numRuns: 5_000 },
    );
  });

  it('holds for a filter and itself', () => {
    fc.assert(
      fc.property(anyFilter, filter => {
        expect(covers(filter, filter)).to.equal(true);
      }),
    );
  });
});

describe('hasWildcards', () => {
  for (const filter of ['a/+', '+', 'a/#', '#', '+/#']) {
    it(`is true for ${filter}`, () => expect(hasWildcards(filter)).to.equal(true));
  }

  it('is false for a topic', () => expect(hasWildcards('a/b')).to.equal(false));
});

describe('bySpecificity', () => {
  it('sorts filters from the most specific to the broadest', () => {
    const order = [
      'a/b/c',
      'a/b/+',
      'a/b',
      'a/b/#',
      'a/+/c',
      'a/+',
      'a/+/#',
      'a',
      'a/#',
      '+/b',
      '+',
      '+/#',
      '#',
    ];
    expect(order.toReversed().sort(bySpecificity)).to.deep.equal(order);
    expect(['a/#', 'b'].sort(bySpecificity), 'whatever the names').to.deep.equal(['b', 'a/#']);
  });

  it('is a total order', () => {
    fc.assert(
      fc.property(anyFilter, anyFilter, anyFilter, (a, b, c) => {
        expect(bySpecificity(a, b) === 0).to.equal(a === b);
        expect(Math.sign(bySpecificity(a, b))).to.equal(0 - Math.sign(bySpecificity(b, a)));
        if (bySpecificity(a, b) < 0 && bySpecificity(b, c) < 0) expect(bySpecificity(a, c)).to.be.lessThan(0);
      }),
      { numRuns: 5_000 },
    );
  });

  it('puts a filter before each broader one', () => {
    fc.assert(
      fc.property(anyFilter, anyFilter, (broad, narrow) => {
        if (broad !== narrow && covers(broad, narrow)) expect(bySpecificity(narrow, broad)).to.be.lessThan(0);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('parentOf', () => {
  for (const [topic, parent] of [
    ['a', ''],
    ['a/b', 'a/'],
    ['a/b/', 'a/b/'],
    ['/', '/'],
    ['/a', '/'],
  ] as const) {
    it(`of ${JSON.stringify(topic)} is ${JSON.stringify(parent)}`, () => {
      expect(parentOf(topic)).to.equal(parent);
    });
  }
});

describe('isReplicable', () => {
  const table: readonly (readonly [topic: string, replicable: boolean])[] = [
    ['a', true],
    ['/', true],
    ['mqttreplica/a', true],
    ['a/mqttrep/b', true],
    ['a/$SYS', true],
    ['ActiveMQ', true],
    ['', false],
    ['$SYS/uptime', false],
    ['$share/a/b', false],
    ['ActiveMQ/Advisory/Connection', false],
    ['mqttrep', false],
    ['mqttrep/abc/probe/oslo', false],
    ['mqttrep-read-probe', false],
    ['home/kitchen/mqttrep-read-probe', false],
    ['/mqttrep-read-probe', false],
    ['home/not-mqttrep-read-probe', true],
    ['mqttrep-read-probe/below', true],
  ];
  for (const [topic, replicable] of table) {
    it(`${replicable ? 'accepts' : 'rejects'} ${JSON.stringify(topic)}`, () => {
      expect(isReplicable(topic, 'mqttrep')).to.equal(replicable);
    });
  }
});
