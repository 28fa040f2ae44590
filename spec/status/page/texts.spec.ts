/** What the page says of a status: figures, sentences, announcements and values. */

import { expect } from 'chai';
import type { Status } from '../../../lib/status/api.ts';
import { announcements } from '../../../lib/status/page/model/announcements.ts';
import { ago, count, elapsed, rate, size, span } from '../../../lib/status/page/model/figures.ts';
import { shownValue, visible } from '../../../lib/status/page/model/value-text.ts';
import { text } from '../../page/pretend-world.ts';
import { broker, plain, world } from './models-fixture.ts';

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
