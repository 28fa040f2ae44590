/** The lines of the demo: a table in a terminal, plain sentences in a file. */

import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { closing } from '../../lib/demo/lines.ts';
import { othersOf, SITES, type SiteName } from '../../lib/demo/sites.ts';
import { tableHead, writeLines } from '../../lib/demo/write-lines.ts';
import type { Delivery, Write } from '../../lib/demo/write-log.ts';
import { lookOf, PLAIN, tableOf } from '../../lib/terminal/terminal.ts';

const CUT: Delivery = { kind: 'cut off' };

function arrivedIn(milliseconds: number): Delivery {
  return { kind: 'arrived', milliseconds };
}

/** Deliveries in the order of the other sites. */
function write(site: SiteName, payload: string, ...deliveries: readonly Delivery[]): Write {
  const fates = othersOf(site).map((other, index): [SiteName, Delivery] => [other, deliveries[index] ?? CUT]);
  return { site, topic: 'canards/oslo/ducks', payload, at: 0, isCommand: false, deliveries: new Map(fates) };
}

describe('the lines of the demo', () => {
  describe('as plain text', () => {
    const plain = (which: Write) => writeLines(PLAIN, which, 3_140).join('\n').trim();

    it('print a sentence for each write', () => {
      expect(plain(write('OSLO', '12', arrivedIn(61.6), arrivedIn(7)))).to.equal(
        '3.1 s  OSLO wrote canards/oslo/ducks = 12: PARIS after 62 ms, QUEBEC after 7 ms',
      );
      expect(plain(write('PARIS', '', arrivedIn(5), { kind: 'in flight' }))).to.equal(
        '3.1 s  PARIS deleted canards/oslo/ducks: OSLO after 5 ms, QUEBEC has not received it yet',
      );
    });

    it('name the sites that wait for a cut link', () => {
      expect(plain(write('OSLO', '12', arrivedIn(9), CUT))).to.equal(
        '3.1 s  OSLO wrote canards/oslo/ducks = 12: PARIS after 9 ms, ' +
          'QUEBEC is cut off: it will receive this when the link is healed',
      );
      expect(plain(write('QUEBEC', '12', CUT, CUT))).to.equal(
        '3.1 s  QUEBEC wrote canards/oslo/ducks = 12: ' +
          'QUEBEC is cut off: OSLO and PARIS will receive this when the link is healed',
      );
    });
  });

  describe('as a table', () => {
    const row = (which: Write, columns = 110) =>
      stripVTControlCharacters(writeLines(tableOf(columns), which, 3_140).join('\n'));

    it('align the times with the names of the brokers', () => {
      const head = stripVTControlCharacters(tableHead(tableOf(110)).join(''));
      const line = row(write('PARIS', '12', arrivedIn(61), arrivedIn(7)));
      expect(line).to.match(/^ +3\.1 s {2}PARIS +canards\/oslo\/ducks +12 +61 ms +● +7 ms$/);
      expect(line.indexOf('61 ms') + 5).to.equal(head.indexOf('at OSLO') + 7);
      expect(line).to.have.lengthOf(head.length);
    });

    it('explain a cut if there is room, and stay within the line', () => {
      const [late, remote] = [write('OSLO', '12', arrivedIn(9), CUT), write('QUEBEC', '12', CUT, CUT)];
      expect(row(late)).to.contain('cut off: receives it later');
      expect(row(remote)).to.contain('QUEBEC is cut off: they receive it later');
      expect(row(late, 80)).to.match(/9 ms +cut off$/);
      for (const which of [late, remote]) {
        for (const columns of [80, 110]) expect(row(which, columns).length).to.be.at.most(columns);
      }
    });
  });

  describe('at the end', () => {
    const end = (quebec: string) => {
      const retained = new Map(SITES.map(site => [site, new Map([['a', site === 'QUEBEC' ? quebec : '1']])]));
      const totals = { writes: 5, everywhere: 4, replaced: 1 };
      return closing(PLAIN, 19_500, { totals, median: 50.4, percentile95: 99.6, retained }).join('\n');
    };

    it('give the counts and the times', () => {
      expect(end('1'))
        .to.contain('after 19.5 s: 5 writes, 4 of them arrived at both other brokers.')
        .and.contain('median 50 ms, 95th percentile 100 ms')
        .and.contain('The brokers are equal: all three retain the same 1 topic.');
    });

    it('name the topics that differ', () => {
      expect(end('2'))
        .to.contain('The brokers are not equal.')
        .and.contain('a: OSLO "1", PARIS "1", QUEBEC "2"');
    });
  });
});

describe('lookOf', () => {
  const terminal = { isTTY: true, columns: 100 };

  it('chooses a table for a terminal', () => {
    expect(lookOf(terminal, { NO_COLOR: '' })).to.include({ mode: 'table', columns: 100 });
  });

  it('chooses plain text for pipes, NO_COLOR and dumb terminals', () => {
    expect(lookOf({ isTTY: false, columns: 0 }, {})).to.equal(PLAIN);
    expect(lookOf(terminal, { NO_COLOR: '1' })).to.equal(PLAIN);
    expect(lookOf(terminal, { TERM: 'dumb' })).to.equal(PLAIN);
  });
});
