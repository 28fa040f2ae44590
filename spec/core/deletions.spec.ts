/** What was deleted does not come back, whatever the merge chain says of it, and in whatever order it is met. */

import { expect } from 'chai';
import fc from 'fast-check';
import { merge } from '../../lib/core/merge.ts';
import { compileMergeChain } from '../../lib/core/merge-order.ts';
import { isDeletion, type Message } from '../../lib/core/message.ts';
import { Policies } from '../../lib/core/policy.ts';
import { emptyRegister, type Register } from '../../lib/core/register.ts';
import { isNewer } from '../../lib/core/version.ts';

const policy = new Policies(
  [{ filter: '#', subscribe: 1, publish: 1, merge: [{ by: 'json', path: [] }, { by: 'arrival' }] }],
  1,
  chain => compileMergeChain(chain, { json: JSON.parse }),
).of('t');

/** Serial numbers as payloads; undefined for deletions. */
const writes = fc.uniqueArray(
  fc.record({ time: fc.nat(30), serial: fc.option(fc.nat(5), { nil: undefined }) }),
  { selector: ({ time }) => time, maxLength: 12 },
);

function message({ time, serial }: { readonly time: number; readonly serial: number | undefined }): Message {
  return {
    payload: serial === undefined ? '' : String(serial),
    properties: '',
    version: { time, counter: 0, replica: 'r' },
    origin: 0,
    messageExpiresAt: Number.POSITIVE_INFINITY,
    ttlExpiresAt: Number.POSITIVE_INFINITY,
  };
}

function meet(register: Register, met: Message): Register {
  return merge(register, met, { broker: 0, stored: true, refreshes: true }, policy).register;
}

describe('A deletion, where the merge chain goes by a value,', () => {
  it('is older than whatever wins after it, in whatever order messages are met', () => {
    fc.assert(
      fc.property(writes, drafts => {
        let register = emptyRegister(1);
        let newest: Message | undefined;
        for (const met of drafts.map(message)) {
          // To delete what is deleted is no news.
          const isNews = register.winner !== undefined && !isDeletion(register.winner);
          register = meet(register, met);
          if (isNews && isDeletion(met) && (newest === undefined || isNewer(met.version, newest.version)))
            newest = met;
          if (newest === undefined || register.winner === undefined) continue;
          expect(isNewer(newest.version, register.winner.version)).to.equal(false);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('leaves the largest of what was written after it, where messages are met in the order of their writing', () => {
    fc.assert(
      fc.property(writes, drafts => {
        const inOrder = drafts.toSorted((a, b) => a.time - b.time);
        const after = inOrder.slice(inOrder.findLastIndex(({ serial }) => serial === undefined) + 1);
        const largest = Math.max(...after.map(({ serial = 0 }) => serial));
        const { winner } = inOrder.map(message).reduce(meet, emptyRegister(1));
        expect(winner?.payload ?? '').to.equal(after.length === 0 ? '' : String(largest));
      }),
      { numRuns: 5_000 },
    );
  });
});
