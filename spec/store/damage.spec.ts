/** Damage of a file is reported, or does not change the state that is read; see damage.ts. */

import { expect } from 'chai';
import fc from 'fast-check';
import { damages, type Filled, fill, judge } from './damage.ts';

describe('A damaged store', () => {
  let filled: Filled;
  const size = () => filled.ends.at(-1) ?? 0;

  before(async () => {
    filled = await fill(30);
  });

  it('never returns a state that was not committed, and never ignores a durable commit', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(damages(size()), async damage => {
        await judge(filled, damage);
      }),
      { numRuns: 400 },
    );
  });

  it('is distinguished from a store whose last commit is incomplete', async () => {
    const [last = 0, end = 0] = filled.ends.slice(-2);
    for (const at of [last, last + 1, last + 20, end - 1]) {
      expect(await judge(filled, { kind: 'cut', at })).to.equal(28);
    }
    expect(await judge(filled, { kind: 'zeroed', at: last + 30, bytes: 10 })).to.equal(28);
    expect(await judge(filled, { kind: 'flipped', at: last - 30, bit: 3 })).to.equal('damaged');
  });

  it('is noticed wherever a single bit is wrong', async () => {
    const last = filled.ends.at(-2) ?? 0;
    for (let at = 0; at < last; at += 997) {
      expect(await judge(filled, { kind: 'flipped', at, bit: at % 8 }), `byte ${at}`).to.equal('damaged');
    }
  });
});
