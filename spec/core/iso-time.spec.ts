/** Times in ISO 8601 mean the same at every replica, and an invalid one is no time. */

import { expect } from 'chai';
import { compareTimes, parseIsoTime, timeOf } from '../../lib/core/iso-time.ts';

const seconds = (...utc: [number, number, number, number?, number?, number?]) => Date.UTC(...utc) / 1000;
const NOON = seconds(2024, 4, 1, 12);

describe('parseIsoTime', () => {
  const times: readonly (readonly [text: string, seconds: number, fraction: string])[] = [
    ['1970-01-01', 0, ''],
    ['2024-05-01', seconds(2024, 4, 1), ''],
    ['2024-05-01T12:00', NOON, ''],
    ['2024-05-01t12:34:56z', seconds(2024, 4, 1, 12, 34, 56), ''],
    ['2024-05-01 12:34:56.500', seconds(2024, 4, 1, 12, 34, 56), '5'],
    ['2024-05-01T12:00:00,001Z', NOON, '001'],
    ['2024-05-01T12:00:00.000Z', NOON, ''],
    ['2024-05-01T12:00:00.100200Z', NOON, '1002'],
    ['2024-05-01T12:00:00+02:30', NOON - 9_000, ''],
    ['2024-05-01T12:00:00-0230', NOON + 9_000, ''],
    ['2024-05-01T12:00:00+02', NOON - 7_200, ''],
    ['20240501T120000Z', NOON, ''],
    ['20240501T1200', NOON, ''],
    // The limits.
    ['2024-05-01T00:00:00Z', seconds(2024, 4, 1), ''],
    ['2024-05-01T23:59:59Z', seconds(2024, 4, 1, 23, 59, 59), ''],
    ['2024-05-01T23:59:60Z', seconds(2024, 4, 2), ''],
    ['2024-05-01T12:00:00+23:59', NOON - 86_340, ''],
    ['2024-01-31', seconds(2024, 0, 31), ''],
    ['2024-02-29', seconds(2024, 1, 29), ''],
    ['2024-12-31', seconds(2024, 11, 31), ''],
    ['0001-01-01', new Date(0).setUTCFullYear(1, 0, 1) / 1000, ''],
    [`2024-05-01T12:00:00.${'1'.repeat(44)}`, NOON, '1'.repeat(44)],
  ];
  for (const [text, time, fraction] of times) {
    it(`reads ${text}`, () => {
      expect(parseIsoTime(text)).to.deep.equal({ seconds: time, fraction });
    });
  }

  const others = [
    '',
    '2024',
    '2024-05',
    '2024-13-01',
    '2024-00-01',
    '2024-05-00',
    '2024-04-31',
    '2023-02-29',
    '2024-05-01T24:00:00Z',
    '2024-05-01T12:60:00Z',
    '2024-05-01T12:00:61Z',
    '2024-05-01T12:00:00+24:00',
    '2024-05-01T12:00:00+00:60',
    '20240501',
    ` 2024-05-01`,
    `2024-05-01T12:00:00.${'1'.repeat(45)}`,
  ];
  for (const text of others) {
    it(`reads no time from "${text}"`, () => {
      expect(parseIsoTime(text)).to.equal(undefined);
    });
  }
});

describe('timeOf', () => {
  const dates: readonly (readonly [milliseconds: number, seconds: number, fraction: string])[] = [
    [0, 0, ''],
    [1_000, 1, ''],
    [1_500, 1, '5'],
    [1_050, 1, '05'],
    [1_007, 1, '007'],
    [-1, -1, '999'],
    [-1_500, -2, '5'],
  ];
  for (const [milliseconds, whole, fraction] of dates) {
    it(`splits ${milliseconds} ms into whole seconds and a fraction`, () => {
      expect(timeOf(new Date(milliseconds))).to.deep.equal({ seconds: whole, fraction });
    });
  }

  it('knows no time of an invalid date', () => {
    expect(timeOf(new Date(Number.NaN))).to.equal(undefined);
  });
});

describe('compareTimes', () => {
  const time = (whole: number, fraction = '') => ({ seconds: whole, fraction });
  const pairs: readonly (readonly [earlier: [number, string?], later: [number, string?]])[] = [
    [[1, '9'], [2]],
    [[-2, '9'], [-1]],
    [[1], [1, '001']],
    [
      [1, '1'],
      [1, '10000001'],
    ],
    [
      [1, '12345'],
      [1, '9'],
    ],
  ];
  for (const [earlier, later] of pairs) {
    it(`orders ${earlier.join('.')} before ${later.join('.')}`, () => {
      expect(compareTimes(time(...earlier), time(...later))).to.be.lessThan(0);
      expect(compareTimes(time(...later), time(...earlier))).to.be.greaterThan(0);
    });
  }

  it('finds equal times equal', () => {
    expect(compareTimes(time(1, '5'), time(1, '5'))).to.equal(0);
    expect(compareTimes(time(1), time(1))).to.equal(0);
  });
});
