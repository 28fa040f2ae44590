/** The text of a mapping rule: valid ones are used in name-map.spec.ts; a line here has a text that is refused, and words of why. */

import { expect } from 'chai';
import { parseRule } from '../../lib/routes/rule.ts';

const REFUSED: readonly (readonly [text: string, ...words: string[]])[] = [
  ['', 'no arrow', 'prefix: site/oslo/'],
  ['home/#', 'no arrow'],
  ['a -> b -> c', 'more than one arrow'],
  ['a/#/b -> $rest', 'left side is not a topic filter', '`#` must be the last level'],
  [' -> a', 'left side is not a topic filter', 'it is empty'],
  ['a/+ -> ', 'nothing stands after the arrow'],
  ['a/+ -> b/+', 'right side has a wildcard', '$1'],
  ['a/# -> b/#', 'right side has a wildcard', '$rest'],
  ['a/+ -> b', '$1 not at all', 'several topics could become one'],
  ['a/# -> b', '$rest not at all'],
  ['a/+ -> b/$1/$1', '$1 twice', 'exactly once'],
  ['a/+ -> b/$1/$2', 'has $2', 'nothing on the left captures it'],
  ['a/b -> c/$rest', 'has $rest', 'use no captures only'],
  ['+/+ -> b/$1-$2', 'two captures', 'a level of its own'],
  ['a/# -> b/x$rest', '`$rest` shares its level'],
  ['prefix:', 'the word prefix: has no value'],
  ['prefix: site', 'does not end with `/`', 'site/'],
  ['suffix: oslo', 'does not begin with `/`', '/oslo'],
  ['prefix: site/+/', 'wildcard'],
  ['prefix: a/ prefix: b/', 'twice'],
  ['site prefix: a/', 'before its first word'],
  ['prefix: a/ control: maybe', 'control: is "maybe"'],
];

describe('parseRule', () => {
  for (const [text, ...words] of REFUSED) {
    it(`refuses "${text}"`, () => {
      const parsed = parseRule(text, 'oslo');
      if (!('problem' in parsed)) throw new Error('it is accepted');
      for (const word of words) expect(`${parsed.problem}; ${parsed.fix}`).to.include(word);
    });
  }
});
