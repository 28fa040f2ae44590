/** Payloads as people see them: as text if they are text, shortened without harm, or hidden. */

import { expect } from 'chai';
import type { Message } from '../../../lib/core/register.ts';
import {
  excerptOf,
  SHOWN_BYTES,
  shownExcerpt,
  shownValue,
} from '../../../lib/reconciler/inspection/shown-value.ts';

function message(payload: Buffer | string): Message {
  return {
    payload: Buffer.from(payload).toString('latin1'),
    properties: '',
    version: { time: 1, counter: 0, replica: 'us' },
    origin: 2,
    messageExpiresAt: Number.POSITIVE_INFINITY,
    ttlExpiresAt: Number.POSITIVE_INFINITY,
  };
}

const shown = (payload: Buffer | string, most = SHOWN_BYTES) => shownValue(message(payload), 'shown', most);

describe('A shown payload', () => {
  it('is text if it is UTF-8, and base64 otherwise', () => {
    expect(shown('canard é 🦆')).to.deep.equal({ kind: 'text', text: 'canard é 🦆', bytes: 14 });
    const bytes = Buffer.from([0xff, 0x00, 0xc3]);
    expect(shown(bytes)).to.deep.equal({ kind: 'base64', text: '/wDD', bytes: 3 });
  });

  it('is shortened, and stays text if the cut divides a character', () => {
    for (const [character, size] of [
      ['é', 2],
      ['€', 3],
      ['🦆', 4],
    ] as const) {
      for (let most = 100; most < 105; most++) {
        const text = character.repeat(Math.floor(most / size));
        const expected = { kind: 'text', text, bytes: 100 * size };
        expect(shown(character.repeat(100), most), `${character} ${most}`).to.deep.equal(expected);
      }
    }
    const binary = Buffer.alloc(5_000, 0xff);
    expect(shown(binary)).to.deep.equal({
      kind: 'base64',
      text: binary.subarray(0, SHOWN_BYTES).toString('base64'),
      bytes: 5_000,
    });
  });

  it('has a name of its own if there is no message', () => {
    expect(shown('')).to.deep.equal({ kind: 'deleted' });
    expect(shownValue('absent', 'shown', 9)).to.deep.equal({ kind: 'deleted' });
    expect(shownValue('unknown', 'shown', 9)).to.deep.equal({ kind: 'unknown' });
  });

  it('is hidden on request, and a deletion is still named', () => {
    expect(shownValue(message('s3cret'), 'hidden', 9)).to.deep.equal({ kind: 'hidden' });
    expect(shownExcerpt(excerptOf(message('s3cret')), 'hidden')).to.deep.equal({ kind: 'hidden' });
    expect(shownExcerpt(excerptOf(message('')), 'hidden')).to.deep.equal({ kind: 'deleted' });
  });

  it('is kept as an excerpt, which is shown in the same way', () => {
    const long = 'é'.repeat(2_000);
    const excerpt = excerptOf(message(long));
    expect(excerpt).to.include({ origin: 2, bytes: 4_000 });
    expect(excerpt.head).to.have.lengthOf(SHOWN_BYTES);
    expect(shownExcerpt(excerpt, 'shown')).to.deep.equal(shown(long));
  });
});
