/** What a broker did not answer is asked again with growing distance, a few times. */

import { expect } from 'chai';
import { ProbeRetries } from '../../../lib/reconciler/probing/probe-retries.ts';

const NOW = 1_000_000;

describe('Unanswered', () => {
  it('are asked again after 1, 4, 16, 64 and 256 seconds, and then left to anti-entropy', () => {
    const unanswered = new ProbeRetries();
    const distances: number[] = [];
    for (unanswered.silent('t', NOW); unanswered.size > 0; unanswered.silent('t', NOW)) {
      let distance = 0;
      while (unanswered.due(NOW + distance).length === 0) distance += 500;
      distances.push(distance / 1_000);
      unanswered.asked('t');
    }
    expect(distances).to.deep.equal([1, 4, 16, 64, 256]);
  });

  it('are due until they are asked, and not while they are', () => {
    const unanswered = new ProbeRetries();
    unanswered.silent('t', NOW);
    expect(unanswered.due(NOW + 999)).to.deep.equal([]);
    for (let look = 0; look < 2; look++) expect(unanswered.due(NOW + 1_000)).to.deep.equal(['t']);
    unanswered.asked('t');
    expect(unanswered.due(NOW + 1_000_000)).to.deep.equal([]);
    expect(unanswered.isWaiting).to.equal(false);
  });

  it('are no more once they are answered, and begin anew', () => {
    const unanswered = new ProbeRetries();
    unanswered.silent('t', NOW);
    unanswered.silent('t', NOW);
    unanswered.answered('t');
    expect(unanswered.size).to.equal(0);
    unanswered.silent('t', NOW);
    expect(unanswered.due(NOW + 1_000)).to.deep.equal(['t']);
  });

  it('are not asked for all at once', () => {
    const unanswered = new ProbeRetries();
    for (let topic = 0; topic < 2_000; topic++) unanswered.silent(`t${topic}`, NOW);
    expect(unanswered.due(NOW + 1_000)).to.have.length(500);
  });
});
