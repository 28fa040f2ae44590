/** In every second at most the rate and the burst go out, and what is late is made up for. */

import { expect } from 'chai';
import { EvenRate } from '../../lib/core/even-rate.ts';

describe('EvenRate', () => {
  /** When messages of that size go out if one always waits, asked at these times. */
  function sentAt(rate: EvenRate, bytes: number, times: readonly number[]): number[] {
    const sent: number[] = [];
    for (const now of times) {
      while (rate.wait(now) <= 0) {
        rate.published(bytes, now);
        sent.push(now);
      }
    }
    return sent;
  }
  const every = (step: number, until: number) =>
    Array.from({ length: Math.floor(until / step) }, (_, index) => index * step);
  const busiestSecond = (sent: readonly number[]) =>
    sent.reduce((most, from, index) => {
      const end = sent.findIndex((at, later) => later >= index && at >= from + 1_000);
      return end === -1 ? most : Math.max(most, end - index);
    }, 0);

  for (const messages of [1, 7, 25, 50, 100, 1_000]) {
    it(`keeps ${messages} messages a second within 5 %, whenever it is asked`, () => {
      for (const step of [1, 3, 17]) {
        const rate = new EvenRate({ messages, bytes: Number.POSITIVE_INFINITY }, 20);
        const sent = sentAt(rate, 10, every(step, 10_000));
        expect(sent.length, `every ${step} ms`).to.be.within(
          messages * 10 * 0.95 - 1,
          messages * 10 * 1.05 + 1,
        );
        expect(busiestSecond(sent)).to.be.at.most(Math.max(messages + 1, messages * 1.05));
      }
    });
  }

  it('makes no more up after a pause than the burst', () => {
    const rate = new EvenRate({ messages: 100, bytes: Number.POSITIVE_INFINITY }, 20);
    sentAt(rate, 10, every(1, 1_000));
    expect(sentAt(rate, 10, [60_000]).length).to.equal(3);
  });

  it('keeps bytes a second, and lets a larger message pass before a longer wait', () => {
    const rate = new EvenRate({ messages: Number.POSITIVE_INFINITY, bytes: 1_000 }, 20);
    expect(sentAt(rate, 100, every(1, 10_000)).length).to.be.within(95, 105);
    rate.published(5_000, 20_000);
    expect(rate.wait(20_000)).to.be.within(4_900, 5_000);
  });

  it('counts what goes out without being asked', () => {
    const rate = new EvenRate({ messages: 10, bytes: Number.POSITIVE_INFINITY }, 20);
    for (let count = 0; count < 20; count++) rate.published(1, 0);
    expect(rate.wait(0)).to.be.within(1_800, 2_000);
  });
});
