/** Ten thousand lines of a kind become a few lines in the log, and each of them is counted. */

import { expect } from 'chai';
import { type Digest, LogDigest, SINGLE_LINES } from '../../lib/core/log-digest.ts';

describe('LogDigest', () => {
  it('logs the first few lines one by one, and counts the others with one example', () => {
    const digest = new LogDigest();
    const alone = Array.from({ length: 10_000 }, (_, index) => digest.isLoggedAlone(`t${index}`, index));
    expect(alone.filter(Boolean)).to.have.lengthOf(SINGLE_LINES);
    expect(digest.take(10_000)).to.equal(undefined);
    expect(digest.take(20_000)).to.deep.equal({ count: 10_000 - SINGLE_LINES, example: 't5' });
    expect(digest.take(40_000)).to.equal(undefined);
    expect(digest.hasUnlogged).to.equal(false);
  });

  it('logs at most ten lines in ten minutes, however many come, and counts each', () => {
    const digest = new LogDigest();
    let lines = 0;
    let counted = 0;
    const read = (taken: Digest | undefined) => {
      if (taken === undefined) return;
      lines++;
      counted += taken.count;
    };
    for (let now = 0; now < 600_000; now += 100) {
      if (digest.isLoggedAlone('t', now)) {
        lines++;
        counted++;
      }
      read(digest.take(now));
    }
    expect(lines).to.be.at.most(10);
    read(digest.take(1_200_000));
    expect(counted).to.equal(6_000);
  });

  it('logs single lines again after ten minutes, if all counted lines were logged', () => {
    const digest = new LogDigest();
    for (let n = 0; n < 10; n++) digest.isLoggedAlone('t', 0);
    digest.take(60_000);
    expect(digest.isLoggedAlone('again', 600_000)).to.equal(true);
  });

  /** Logs as many lines as are logged one by one. */
  const logSingleLines = (digest: LogDigest, now: number) =>
    Array.from({ length: 5 }, () => digest.isLoggedAlone('single', now));

  it('logs the counted lines ten seconds after the first of them, then each time after twice as long', () => {
    const digest = new LogDigest();
    logSingleLines(digest, 0);
    let now = 100;
    for (const wait of [10_000, 20_000, 40_000, 80_000, 160_000]) {
      expect(digest.isLoggedAlone(`at ${now}`, now)).to.equal(false);
      digest.isLoggedAlone('later', now + 1);
      expect(digest.take(now + wait - 1), `${wait} ms`).to.equal(undefined);
      expect(digest.hasUnlogged).to.equal(true);
      expect(digest.take(now + wait), `${wait} ms`).to.deep.equal({ count: 2, example: `at ${now}` });
      expect(digest.hasUnlogged).to.equal(false);
      now += wait;
    }
  });

  it('starts again after ten minutes, with single lines and then a count of ten seconds', () => {
    const digest = new LogDigest();
    logSingleLines(digest, 0);
    digest.isLoggedAlone('counted', 0);
    expect(digest.hasUnlogged, 'one line').to.equal(true);
    digest.take(10_000);
    expect(digest.isLoggedAlone('too early', 599_999)).to.equal(false);
    digest.take(700_000);
    expect(logSingleLines(digest, 700_000)).to.deep.equal([true, true, true, true, true]);
    expect(digest.isLoggedAlone('counted', 700_000)).to.equal(false);
    expect(digest.take(709_999)).to.equal(undefined);
    expect(digest.take(710_000)).to.deep.equal({ count: 1, example: 'counted' });
  });

  it('logs no single line while counted lines wait', () => {
    const digest = new LogDigest();
    logSingleLines(digest, 0);
    digest.isLoggedAlone('counted', 0);
    expect(digest.isLoggedAlone('counted too', 600_000)).to.equal(false);
    expect(digest.take(600_000)).to.deep.equal({ count: 2, example: 'counted' });
  });

  it('has nothing to log at first', () => {
    const digest = new LogDigest();
    expect(digest.hasUnlogged).to.equal(false);
    expect(digest.take(1e12)).to.equal(undefined);
  });
});
