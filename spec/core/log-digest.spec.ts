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
});
