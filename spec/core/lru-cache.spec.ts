/** A cache drops the entries that were not used for the longest time, by number and by size. */

import { expect } from 'chai';
import { LruCache } from '../../lib/core/lru-cache.ts';

const MAX_ENTRIES = 64;
const MAX_CHARACTERS = 1024 * 1024;

describe('LruCache', () => {
  /** A cache, and the texts whose values it has computed, in their order. */
  function newCache() {
    const cache = new LruCache<number>();
    const made: string[] = [];
    const use = (text: string) =>
      cache.of(text, () => {
        made.push(text);
        return text.length;
      });
    return { use, made };
  }

  const fill = (use: (text: string) => number, count: number) => {
    for (let index = 0; index < count; index++) use(`text ${index}`);
  };

  it('computes the value of a text once', () => {
    const { use, made } = newCache();
    expect([use('a'), use('a'), use('bb'), use('a')]).to.deep.equal([1, 1, 2, 1]);
    expect(made).to.deep.equal(['a', 'bb']);
  });

  it('keeps as many entries as fit, and no more', () => {
    const { use, made } = newCache();
    fill(use, MAX_ENTRIES);
    use('text 0');
    expect(made).to.have.lengthOf(MAX_ENTRIES);
    fill(use, MAX_ENTRIES);
    expect(made, 'all are still there').to.have.lengthOf(MAX_ENTRIES);
    use('one more');
    use('text 0');
    expect(made.slice(MAX_ENTRIES)).to.deep.equal(['one more', 'text 0']);
  });

  it('drops one entry for each new one', () => {
    const { use, made } = newCache();
    fill(use, MAX_ENTRIES);
    use('one more');
    made.length = 0;
    for (let index = 1; index < MAX_ENTRIES; index++) use(`text ${index}`);
    expect(made).to.deep.equal([]);
  });

  it('keeps an entry that was used lately', () => {
    const { use, made } = newCache();
    fill(use, MAX_ENTRIES);
    use('text 0');
    use('one more');
    made.length = 0;
    use('text 0');
    expect(made).to.deep.equal([]);
    use('text 1');
    expect(made).to.deep.equal(['text 1']);
  });

  it('keeps texts of at most a mebibyte in all', () => {
    const { use, made } = newCache();
    const half = MAX_CHARACTERS / 2;
    const [a, b, c] = ['a', 'b', 'c'].map(letter => letter.repeat(half)) as [string, string, string];
    use(a);
    use(b);
    use(a);
    use(b);
    expect(made, 'both fit').to.have.lengthOf(2);
    use('x');
    made.length = 0;
    use(b);
    expect(made, 'only the older one was dropped').to.deep.equal([]);
    use(a);
    expect(made).to.deep.equal([a]);
    use(c);
    made.length = 0;
    use(c);
    expect(made, 'the newest stays').to.deep.equal([]);
  });

  it('has room again once large entries were dropped', () => {
    const { use, made } = newCache();
    for (const letter of 'abcdefgh') use(letter.repeat(MAX_CHARACTERS));
    fill(use, MAX_ENTRIES);
    made.length = 0;
    fill(use, MAX_ENTRIES);
    expect(made).to.deep.equal([]);
  });
});
