import { expect } from 'chai';
import { judge, type Written } from './event-verdict.ts';

const NONE: ReadonlyMap<string, Written[]> = new Map();

describe('The verdict on a run of events', () => {
  const messages = (...payloads: string[]): Written[] => payloads.map(payload => ({ topic: 't', payload }));
  const written = new Map([
    ['A', messages('A-0', 'A-1')],
    ['B', messages('B-0', 'B-1')],
  ]);
  const verdict = (a: readonly string[], b: readonly string[]) =>
    judge(
      'distinct',
      written,
      NONE,
      new Map([
        ['A', messages(...a)],
        ['B', messages(...b)],
      ]),
    );

  it('finds nothing wrong where both sites got all, each in its order', () => {
    const { examples, ...found } = verdict(['A-0', 'B-0', 'A-1', 'B-1'], ['B-0', 'B-1', 'A-0', 'A-1']);
    expect(found).to.deep.equal({
      written: 4,
      lost: 0,
      disordered: 0,
      disorderedFrom: new Map(),
      doubled: 0,
    });
    expect(examples).to.deep.equal([]);
  });

  it('counts what came behind a later event of the same origin, by that origin', () => {
    const found = verdict(['A-0', 'A-1', 'B-1', 'B-0'], ['B-1', 'B-0', 'A-0', 'A-1']);
    expect(found.disordered).to.equal(2);
    expect(found.disorderedFrom).to.deep.equal(new Map([['B', 2]]));
  });

  it('counts what is lost and what is doubled, and takes no copy for a disorder', () => {
    const { lost, doubled, disordered } = verdict(['A-0', 'A-1', 'A-0', 'B-0'], ['B-0', 'B-1', 'A-0', 'A-1']);
    expect({ lost, doubled, disordered }).to.deep.equal({ lost: 1, doubled: 1, disordered: 0 });
  });
});
