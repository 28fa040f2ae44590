/** Printable text stays on one line, is not too long, and does not control a terminal. */

import { expect } from 'chai';
import fc from 'fast-check';
import { printable, printableJson, quoted } from '../../lib/core/printable.ts';

const TABLE: readonly (readonly [what: string, text: string, shown: string])[] = [
  ['plain text', 'ducks/é \u{1F986}', 'ducks/é \u{1F986}'],
  ['a line break', 'a\nb\r\tc', 'a\\nb\\r\\tc'],
  ['an escape sequence', '\u001b[2J\u0007', '\\u001b[2J\\u0007'],
  ['an escape sequence of one character', '\u009b2J', '\\u009b2J'],
  ['a line separator', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
  ['a character that changes the direction of writing', '\u202Etxt\u2066', '\\u202etxt\\u2066'],
  ['a non-character', '\uFFFE\u{1FFFE}', '\\ufffe\\ud83f\\udffe'],
  ['half a character', 'a\uD83E', 'a\\ud83e'],
];

describe('Printable text', () => {
  for (const [what, text, shown] of TABLE) {
    it(`shows ${what} as ${shown}`, () => {
      expect(printable(text)).to.equal(shown);
      expect(quoted(text)).to.equal(`"${shown}"`);
    });
  }

  it('escapes quotes and backslashes only if it is quoted', () => {
    expect(printable('a"b\\c')).to.equal('a"b\\c');
    expect(quoted('a"b\\c')).to.equal('"a\\"b\\\\c"');
  });

  it('cuts a long text, but never between the two halves of a character', () => {
    expect(printable('x'.repeat(1_000))).to.equal(`${'x'.repeat(200)}…`);
    expect(quoted('x'.repeat(201), 3)).to.equal('"xxx…"');
    for (const character of ['\u{1F986}', '\u{10000}', '\u{10FFFF}'])
      expect(printable(`ab${character}c`, 3)).to.equal('ab…');
  });

  it('does not cut a text of just so many characters', () => {
    expect(printable('abc', 3)).to.equal('abc');
  });

  it('does not change if it is made printable again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const once = printable(text, 10_000);
        expect(once).not.to.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(printable(once, 10_000)).to.equal(once);
      }),
    );
  });

  it('keeps its meaning if it is JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const json = printableJson(JSON.stringify({ [text]: [text] }, null, 2));
        expect(JSON.parse(json)).to.deep.equal({ [text]: [text] });
        expect(json).not.to.match(/[\x7f-\x9f\u2028\u202e]/);
      }),
    );
    expect(printableJson(JSON.stringify(['\u009b'], null, 1))).to.equal('[\n "\\u009b"\n]');
  });
});
