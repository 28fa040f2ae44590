/** Ten thousand topics with the same fate take a few lines of the log, and none of them goes uncounted. */

import { expect } from 'chai';
import { type Digest, LogDigest, SINGLE_LINES } from '../../lib/core/log-digest.ts';

describe('A digest of log lines', () => {
  it('says the first few one by one, and counts the others with one example', () => {
    const digest = new LogDigest();
    const said = Array.from({ length: 10_000 }, (_, index) => digest.isLoggedAlone(`t${index}`, index));
    expect(said.filter(Boolean)).to.have.lengthOf(SINGLE_LINES);
    expect(digest.take(10_000)).to.equal(undefined);
    expect(digest.take(20_000)).to.deep.equal({ count: 10_000 - SINGLE_LINES, example: 't5' });
    expect(digest.take(40_000)).to.equal(undefined);
    expect(digest.hasUnlogged).to.equal(false);
  });

  it('says at most ten lines in ten minutes, though something comes all the while, and counts each', () => {
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

  it('begins again with single lines after ten minutes in which nothing was left to be said', () => {
    const digest = new LogDigest();
    for (let n = 0; n < 10; n++) digest.isLoggedAlone('t', 0);
    digest.take(60_000);
    expect(digest.isLoggedAlone('again', 600_000)).to.equal(true);
  });
});
