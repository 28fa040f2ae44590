/** Characters that MQTT does not want in a string are found, and no others. */

import { expect } from 'chai';
import { unwantedCharacter } from '../../lib/core/characters.ts';

const CONTROL = ['\0', '\u0001', '\n', '\u001f', '\u007f', '\u0085', '\u009b', '\u009f'];
const NONE = ['\uFDD0', '\uFDEF', '\uFFFE', '\uFFFF', '\u{1FFFE}', '\u{10FFFF}', '\uD800', 'a\uDC00b'];
const GOOD = ['', ' ', '~', '\u00a0', 'é', '\u200D', '\uFDCF', '\uFDF0', '\uFFFD', '\u{1F986}', '\u{1FFFD}'];

describe('A character that MQTT does not want', () => {
  for (const [kind, texts] of [
    ['control character', CONTROL],
    ['non-character', NONE],
    [undefined, GOOD],
  ] as const) {
    for (const text of texts) {
      it(`is ${kind ?? 'none'} in ${JSON.stringify(text)}`, () => {
        expect(unwantedCharacter(`x${text}y`)).to.equal(kind);
      });
    }
  }
});
