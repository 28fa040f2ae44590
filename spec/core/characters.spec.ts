/** `unwantedCharacter` finds the characters that MQTT forbids in a string or advises against, and no others. */

import { expect } from 'chai';
import { unwantedCharacter } from '../../lib/core/characters.ts';

const CONTROL = ['\0', '\u0001', '\n', '\u001f', '\u007f', '\u0085', '\u009b', '\u009f'];
const NON_CHARACTERS = [
  '\uFDD0',
  '\uFDEF',
  '\uFFFE',
  '\uFFFF',
  '\u{1FFFE}',
  '\u{10FFFF}',
  '\uD800',
  'a\uDC00b',
];
const GOOD = ['', ' ', '~', '\u00a0', 'é', '\u200D', '\uFDCF', '\uFDF0', '\uFFFD', '\u{1F986}', '\u{1FFFD}'];

describe('unwantedCharacter', () => {
  for (const [kind, texts] of [
    ['control character', CONTROL],
    ['non-character', NON_CHARACTERS],
    [undefined, GOOD],
  ] as const) {
    for (const text of texts) {
      it(`finds ${kind === undefined ? 'nothing' : `a ${kind}`} in ${JSON.stringify(text)}`, () => {
        expect(unwantedCharacter(`x${text}y`)).to.equal(kind);
      });
    }
  }
});
