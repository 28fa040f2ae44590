/** A topic on which a broker hangs up is found out; one that was under way when the network failed is not blamed. */

import { expect } from 'chai';
import { TopicSuspicion } from '../../../lib/broker/outgoing/topic-suspicion.ts';

const MINUTE = 60_000;

describe('TopicSuspicion', () => {
  let suspicion: TopicSuspicion;

  beforeEach(() => {
    suspicion = new TopicSuspicion();
  });

  /** As the outbox does: the others first, then the suspects alone. Returns the convicts. */
  function reconnect(topics: readonly string[], bad: readonly string[], now = 0): string | undefined {
    const sent = topics.filter(topic => !suspicion.isConvicted(topic, now));
    const others = sent.filter(topic => !suspicion.isSuspect(topic));
    const culprit = others.find(topic => bad.includes(topic));
    if (culprit !== undefined) return suspicion.hungUp(others.slice(others.indexOf(culprit)), now);
    for (const topic of sent.filter(each => suspicion.isSuspect(each))) {
      if (bad.includes(topic)) return suspicion.hungUp([topic], now);
      suspicion.acknowledged(topic);
    }
    return undefined;
  }

  it('finds each of several among many, and suspects no other in the end', () => {
    const topics = Array.from({ length: 50 }, (_, index) => `t${index}`);
    const bad = ['t3', 't20', 't21'];
    const found = Array.from({ length: 20 }, () => reconnect(topics, bad));
    expect(found.filter(topic => topic !== undefined).sort()).to.deep.equal([...bad].sort());
    for (const topic of topics) {
      expect(suspicion.isConvicted(topic, 0), topic).to.equal(bad.includes(topic));
      expect(suspicion.isSuspect(topic), topic).to.equal(false);
    }
  });

  it('suspects nothing that was not under way twice in a row', () => {
    suspicion.hungUp(['a', 'b'], 0);
    suspicion.hungUp(['c'], 0);
    suspicion.hungUp(['a', 'b'], 0);
    for (const topic of ['a', 'b', 'c']) expect(suspicion.isSuspect(topic)).to.equal(false);
  });

  it('drops a suspicion when the broker acknowledges', () => {
    suspicion.hungUp(['a'], 0);
    suspicion.hungUp(['a'], 0);
    expect(suspicion.isSuspect('a')).to.equal(true);
    suspicion.acknowledged('a');
    expect(suspicion.isSuspect('a')).to.equal(false);
  });

  it('tries a convict again after ten minutes, and convicts it at once if the broker hangs up again', () => {
    for (let time = 0; time < 4; time++) suspicion.hungUp(['a'], 0);
    expect(suspicion.isConvicted('a', 9 * MINUTE)).to.equal(true);
    expect(suspicion.isConvicted('a', 10 * MINUTE)).to.equal(false);
    expect(suspicion.isSuspect('a')).to.equal(true);
    expect(suspicion.hungUp(['a'], 10 * MINUTE)).to.equal('a');
    expect(suspicion.isConvicted('a', 19 * MINUTE)).to.equal(true);
  });
});
