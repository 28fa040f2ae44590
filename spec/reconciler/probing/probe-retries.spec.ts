/** A topic whose probe was not answered is probed again a few times, with growing delays. */

import { expect } from 'chai';
import { ProbeRetries } from '../../../lib/reconciler/probing/probe-retries.ts';

const NOW = 1_000_000;

describe('ProbeRetries', () => {
  it('probes a topic again after 1, 4, 16, 64 and 256 seconds, and then leaves it to anti-entropy', () => {
    const retries = new ProbeRetries();
    const distances: number[] = [];
    for (retries.unanswered('t', NOW); retries.size > 0; retries.unanswered('t', NOW)) {
      let distance = 0;
      while (retries.due(NOW + distance).length === 0) distance += 500;
      distances.push(distance / 1_000);
      retries.probed('t');
    }
    expect(distances).to.deep.equal([1, 4, 16, 64, 256]);
  });

  it('keeps a topic due until it is probed, and not while a probe is in flight', () => {
    const retries = new ProbeRetries();
    retries.unanswered('t', NOW);
    expect(retries.due(NOW + 999)).to.deep.equal([]);
    for (let look = 0; look < 2; look++) expect(retries.due(NOW + 1_000)).to.deep.equal(['t']);
    retries.probed('t');
    expect(retries.due(NOW + 1_000_000)).to.deep.equal([]);
    expect(retries.isWaiting).to.equal(false);
  });

  it('forgets a topic that is answered, and begins with the first delay again', () => {
    const retries = new ProbeRetries();
    retries.unanswered('t', NOW);
    retries.unanswered('t', NOW);
    retries.answered('t');
    expect(retries.size).to.equal(0);
    retries.unanswered('t', NOW);
    expect(retries.due(NOW + 1_000)).to.deep.equal(['t']);
  });

  it('does not probe all topics at once', () => {
    const retries = new ProbeRetries();
    for (let topic = 0; topic < 2_000; topic++) retries.unanswered(`t${topic}`, NOW);
    expect(retries.due(NOW + 1_000)).to.have.length(500);
  });
});
