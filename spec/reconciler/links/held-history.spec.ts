/** What a broker held at a marker and since distinguishes old values at its return from values written meanwhile. */

import { expect } from 'chai';
import type { Held, Message } from '../../../lib/core/register.ts';
import { HeldHistory, HISTORY_AGE_MS } from '../../../lib/reconciler/links/held-history.ts';
import { MAX_VALUES, MAX_VALUES_OF_TOPIC } from '../../../lib/reconciler/links/superseded-values.ts';
import { message } from '../../store/topics.ts';

const shown = (payload: string, properties: string | undefined = '') => ({ payload, properties });

describe('HeldHistory', () => {
  let history: HeldHistory;

  beforeEach(() => {
    history = new HeldHistory();
  });

  /** The broker held these values one after the other, each until the commit of its number; the first since commit 0. */
  function held(topic: string, ...values: readonly (readonly [held: string, until: number])[]): void {
    let from = 0;
    for (const [value, until] of values) {
      history.superseded(topic, isState(value) ? value : message(value), from, until);
      from = until;
    }
  }

  it('knows the values held at the marker, and the values between it and now', () => {
    held('t', ['1', 4], ['2', 6], ['3', 7]);
    expect(history.verdict('t', shown('1'), 3)).to.equal('held before');
    expect(history.verdict('t', shown('3'), 3)).to.equal('held before');
    expect(history.verdict('t', shown('4'), 3)).to.equal(undefined);
    expect(history.verdict('u', shown('1'), 3)).to.equal(undefined);
  });

  it('ignores values superseded before the marker, or only after the return', () => {
    held('t', ['1', 4], ['2', 6], ['3', 9]);
    expect(history.verdict('t', shown('1'), 4)).to.equal(undefined);
    expect(history.verdict('t', shown('2'), 4, 8)).to.equal('held before');
    expect(history.verdict('t', shown('3'), 4, 8)).to.equal(undefined);
  });

  it('compares properties if both are known', () => {
    history.superseded('t', { ...message('1'), properties: '["p"]' }, 0, 4);
    expect(history.verdict('t', shown('1', '["p"]'), 3)).to.equal('held before');
    expect(history.verdict('t', shown('1', '["q"]'), 3)).to.equal(undefined);
    expect(history.verdict('t', { payload: '1', properties: undefined }, 3)).to.equal('held before');
  });

  it('knows a large payload by its digest', () => {
    history.superseded('t', message('x'.repeat(100_000)), 0, 4);
    expect(history.of('t')[0]?.payload.length).to.be.lessThan(100);
    expect(history.verdict('t', shown('x'.repeat(100_000)), 3)).to.equal('held before');
    expect(history.verdict('t', shown(`${'x'.repeat(99_999)}y`), 3)).to.equal(undefined);
  });

  const absences: readonly (readonly [what: string, values: readonly [string, number][], since: boolean])[] =
    [
      ['held something, and another message since', [['1', 6]], true],
      [
        'held something, and several others since',
        [
          ['1', 6],
          ['2', 8],
        ],
        true,
      ],
      ['held nothing', [['absent', 6]], false],
      [
        'held something, which was deleted in between',
        [
          ['1', 6],
          ['absent', 8],
        ],
        false,
      ],
      ['held what is not known', [], false],
      ['held what had been superseded by then', [['1', 4]], false],
    ];
  for (const [what, values, isHeld] of absences) {
    it(`tells that a topic that at the marker ${what} was ${isHeld ? '' : 'not '}held all the time`, () => {
      held('t', ...values);
      expect(history.heldSince('t', 5)).to.equal(isHeld);
    });
  }

  it(`knows the last ${MAX_VALUES_OF_TOPIC} values of a topic, and that it does not know those before`, () => {
    held('t', ...Array.from({ length: 20 }, (_, index) => [`${index}`, index + 1] as const));
    expect(history.verdict('t', shown('19'), 0)).to.equal('held before');
    expect(history.verdict('t', shown('0'), 0)).to.equal('not known');
    expect(history.verdict('t', shown('0'), 15)).to.equal(undefined);
    expect(history.heldSince('t', 0)).to.equal(false);
    expect(history.dropped).to.equal(20 - MAX_VALUES_OF_TOPIC);
  });

  it('drops the value that was superseded first beyond the bound, and knows since when everything is known', () => {
    for (let index = 0; index <= MAX_VALUES; index++) held(`t${index}`, ['1', index + 1]);
    expect(history.size).to.equal(MAX_VALUES);
    expect(history.of('t0')).to.deep.equal([]);
    expect(history.reaches(0)).to.equal(false);
    expect(history.reaches(1)).to.equal(true);
    expect(history.dropped).to.equal(1);
  });

  it('forgets values before a marker that has been stored for a while', () => {
    held('t', ['1', 4]);
    held('u', ['1', 4], ['2', 6]);
    history.markerStored(5, 1_000);
    expect(history.isWaiting).to.equal(true);
    history.prune(1_000 + HISTORY_AGE_MS - 1);
    expect(history.size).to.equal(2);
    history.prune(1_000 + HISTORY_AGE_MS);
    expect(history.of('t')).to.deep.equal([]);
    expect(history.verdict('u', shown('2'), 5)).to.equal('held before');
    expect(history.reaches(4)).to.equal(false);
    expect(history.isWaiting).to.equal(false);
  });

  it('does not rely on markers that the broker lost', () => {
    held('t', ['1', 4]);
    history.markerStored(5, 1_000);
    history.markerReturned(3, 1_000);
    history.prune(1_000_000);
    expect(history.verdict('t', shown('1'), 3)).to.equal('held before');
  });

  it('keeps the values held at the marker of a return as long as after a stored marker', () => {
    held('t', ['1', 4]);
    history.markerStored(3, 1_000);
    history.markerReturned(3, 2_900);
    history.markerStored(5, 3_000);
    history.prune(2_900 + HISTORY_AGE_MS - 1);
    expect(history.reaches(3)).to.equal(true);
    history.prune(3_000 + HISTORY_AGE_MS);
    expect(history.reaches(3)).to.equal(false);
  });

  it('knows values that the broker may have held without being seen to', () => {
    history.heldUnseen('t', { payload: '2', properties: undefined, from: 0, until: 4 });
    held('t', ['1', 4]);
    expect(history.verdict('t', shown('2'), 3)).to.equal('held before');
    expect(history.heldSince('t', 3)).to.equal(true);
  });

  it('keeps values that a broker may have been rolled back to until it shows what it holds, also over a restart', () => {
    held('t', ['1', 4], ['2', 9]);
    expect(history.notShown('t', 3, 8)).to.equal(true);
    expect(history.notShown('u', 3, 8)).to.equal(false);
    history.markerStored(10, 1_000);
    history.prune(1_000 + HISTORY_AGE_MS);
    const loaded = new HeldHistory();
    loaded.loaded(history.since);
    loaded.load('t', history.stored('t'));
    expect(loaded.of('t')).to.deep.equal([]);
    expect(loaded.unseen.of('t').map(({ payload }) => payload)).to.deep.equal(['1']);
    expect(loaded.unseen.release('t')).to.equal(true);
    expect(loaded.stored('t')).to.deep.equal([]);
  });

  it('accepts a return with the marker of the first commit, of which nothing was stored', () => {
    history.markerReturned(0, 1_000);
    expect(history.isWaiting).to.equal(true);
  });

  it('names the topics that changed after a marker', () => {
    held('t', ['1', 4]);
    held('u', ['1', 4], ['2', 6]);
    expect([...history.changedSince(4)]).to.deep.equal(['u']);
    history.forget('u');
    expect([...history.changedSince(0)]).to.deep.equal(['t']);
  });
});

function isState(value: string): value is Exclude<Held, Message> {
  return value === 'absent' || value === 'unknown';
}
