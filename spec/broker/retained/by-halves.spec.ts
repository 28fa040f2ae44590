/** A broker hangs up on some topics: all others are answered, and in their order. */

import { expect } from 'chai';
import { askByHalves } from '../../../lib/broker/retained/by-halves.ts';

const topics = Array.from({ length: 100 }, (_, index) => `t/${index}`);

async function ask(isBad: (topic: string) => boolean) {
  let hangups = 0;
  const answers = await askByHalves(
    topics,
    async part => {
      if (!part.some(isBad)) return part.map(topic => `${topic}: here`);
      hangups++;
      return 'hung up' as const;
    },
    topic => `${topic}: unknown`,
  );
  return { answers, hangups };
}

describe('Asking by halves', () => {
  for (const bad of [['t/0'], ['t/57'], ['t/99'], ['t/3', 't/64']]) {
    it(`answers all topics in their order where the broker hangs up on ${bad.join(' and ')}`, async () => {
      const { answers } = await ask(topic => bad.includes(topic));
      const expected = topics.map(topic => `${topic}: ${bad.includes(topic) ? 'unknown' : 'here'}`);
      expect(answers).to.deep.equal(expected);
    });
  }

  it('ends after 32 hang-ups where the broker hangs up on all of them', async () => {
    const { answers, hangups } = await ask(() => true);
    expect(hangups).to.equal(32);
    expect(answers).to.deep.equal(topics.map(topic => `${topic}: unknown`));
  });
});
