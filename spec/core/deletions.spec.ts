/** A deleted message does not come back, whatever the merge chain prefers, and in whatever order messages are seen. */

import { expect } from 'chai';
import fc from 'fast-check';
import { merge } from '../../lib/core/merge.ts';
import { compileMergeChain } from '../../lib/core/merge-order.ts';
import { isDeletion, type Message } from '../../lib/core/message.ts';
import { Policies } from '../../lib/core/policy.ts';
import { emptyRegister, type Register } from '../../lib/core/register.ts';
import { isNewer } from '../../lib/core/version.ts';
import { parseJson } from '../support/payload-text.ts';

const policy = new Policies(
  [{ filter: '#', subscribe: 1, publish: 1, merge: [{ by: 'json', path: [] }, { by: 'arrival' }] }],
  1,
  chain => compileMergeChain(chain, { json: parseJson }),
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

function see(register: Register, seen: Message): Register {
  return merge(register, seen, { broker: 0, stored: true, refreshes: true }, policy).register;
}

describe('A deletion under a merge chain that compares values', () => {
  it('is older than each later winner, in whatever order messages are seen', () => {
    fc.assert(
      fc.property(writes, drafts => {
        let register = emptyRegister(1);
        let newest: Message | undefined;
        for (const seen of drafts.map(message)) {
          // A deletion of a deleted topic changes nothing.
          const isPresent = register.winner !== undefined && !isDeletion(register.winner);
          register = see(register, seen);
          if (
            isPresent &&
            isDeletion(seen) &&
            (newest === undefined || isNewer(seen.version, newest.version))
          )
            newest = seen;
          if (newest === undefined || register.winner === undefined) continue;
          expect(isNewer(newest.version, register.winner.version)).to.equal(false);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('leaves the largest value that was written after it, if messages are seen in the order of their versions', () => {
    fc.assert(
      fc.property(writes, drafts => {
        const inOrder = drafts.toSorted((a, b) => a.time - b.time);
        const after = inOrder.slice(inOrder.findLastIndex(({ serial }) => serial === undefined) + 1);
        const largest = Math.max(...after.map(({ serial = 0 }) => serial));
        const { winner } = inOrder.map(message).reduce(see, emptyRegister(1));
        expect(winner?.payload ?? '').to.equal(after.length === 0 ? '' : String(largest));
      }),
      { numRuns: 5_000 },
    );
  });
});
