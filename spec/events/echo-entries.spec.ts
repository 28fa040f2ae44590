/** Echoes without stamps: what they match, and when they are known not to come. */

import { expect } from 'chai';
import fc from 'fast-check';
import { EchoEntries } from '../../lib/events/ledger/echo-entries.ts';

describe('The expected echoes without stamps', () => {
  let entries: EchoEntries;
  beforeEach(() => {
    entries = new EchoEntries();
    for (const seq of [1, 2, 3]) entries.add({ seq, hash: seq === 2 ? 20 : 10 }, false);
  });

  it('R1: match equal publishes in their order, and only what was published', () => {
    expect(entries.match(10), 'nothing was published').to.equal(undefined);
    entries.published(1);
    entries.published(3);
    expect(entries.match(10)?.seq).to.equal(1);
    entries.take(1);
    expect(entries.match(10)?.seq).to.equal(3);
    entries.take(3);
    expect(entries.match(10)).to.equal(undefined);
    expect(entries.match(99)).to.equal(undefined);
  });

  it('R2: take a provisional match back when the connection ends', () => {
    entries.published(1);
    const entry = entries.match(10);
    if (entry !== undefined) entry.provisional = 7;
    expect(entries.match(10)).to.equal(undefined);
    entries.undoProvisional();
    expect(entries.match(10)?.seq).to.equal(1);
  });

  it('R4: close what a fence has passed, and say how many echoes did not come', () => {
    for (const seq of [1, 2, 3]) entries.published(seq);
    entries.take(2);
    expect(entries.close(2)).to.equal(1);
    expect([...entries].map(({ seq }) => seq)).to.deep.equal([3]);
  });

  it('expect an echo of each copy', () => {
    entries.published(1);
    entries.published(1);
    entries.take(1);
    expect(entries.match(10)?.seq).to.equal(1);
    entries.take(1);
    expect(entries.match(10)).to.equal(undefined);
  });

  it('match nothing that is known not to have arrived', () => {
    for (const seq of [1, 2, 3]) entries.published(seq);
    entries.notArrived(1);
    expect(entries.match(20)).to.equal(undefined);
    expect(entries.match(10)?.seq).to.equal(1);
  });

  it('E6: match no more often than was published', () => {
    const action = fc.record({
      kind: fc.constantFrom('add', 'publish', 'match', 'undo', 'not arrived'),
      at: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), actions => {
        const fifo = new EchoEntries();
        let next = 1;
        const published = new Map<number, number>();
        const matched = new Map<number, number>();
        for (const { kind, at } of actions) {
          const seq = (at % Math.max(1, next)) + 1;
          if (kind === 'add') fifo.add({ seq: next, hash: next++ % 3 }, false);
          if (kind === 'publish' && fifo.get(seq) !== undefined) {
            fifo.published(seq);
            published.set(seq % 3, (published.get(seq % 3) ?? 0) + 1);
          }
          const entry = kind === 'match' ? fifo.match(at % 3) : undefined;
          if (entry !== undefined) {
            fifo.take(entry.seq);
            matched.set(at % 3, (matched.get(at % 3) ?? 0) + 1);
          }
          if (kind === 'undo') fifo.undoProvisional();
          if (kind === 'not arrived') fifo.notArrived(seq);
          for (const [hash, count] of matched) expect(count).to.be.at.most(published.get(hash) ?? 0);
        }
      }),
    );
  });
});
