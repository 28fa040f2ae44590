/**
 * A mapping rule: `canonical → local`, such as `home/+/temp/# → site/{broker}/$1/$rest`. Names inside mqttrep are canonical; the
 * broker knows the same topics by their local names. `+` and `#` on the left capture a level and the rest of the levels; `$1`,
 * `$2` and `$rest` on the right write them. `{broker}` is the name of the broker. The same line is read in both directions.
 *
 * The words `prefix:` and `suffix:` are for the plain case: `prefix: site/oslo/` is `# → site/oslo/$rest`.
 */

import { filterFault } from '../core/filter.ts';
import { captured, type Level, leastLevels, literal, type Template } from './template.ts';

/** Plain data, so that it can cross to another thread. */
export interface Rule {
  /** As the user wrote it. */
  readonly text: string;
  /** The canonical topics, as a topic filter. */
  readonly filter: string;
  readonly canonical: Template;
  readonly local: Template;
  /** The fewest levels that the rest must have, since a topic has at least one level on both sides. */
  readonly leastRest: 0 | 1;
}

/** What a broker does with names besides the rules. */
export interface Envelope {
  /** Stands before every name that goes to the broker; the broker removes it from what it delivers. */
  readonly hiddenPrefix: string;
  /** Whether rules apply to the control topics of mqttrep, too. */
  readonly mapsControlTopics: boolean;
}

export const NO_ENVELOPE: Envelope = { hiddenPrefix: '', mapsControlTopics: false };

/** What is wrong with the text of a rule, and how to fix it. */
export interface RuleFault {
  readonly problem: string;
  readonly fix: string;
}

export type ParsedRule = { readonly rule: Rule | undefined; readonly envelope: Envelope } | RuleFault;

const ARROW = /\s*(?:\u2192|->)\s*/;
const WORD = /(?:^|\s+)(prefix|suffix|hiddenPrefix|control)\s*:\s*/g;
const EXAMPLE = 'such as home/+/temp/# -> site/{broker}/$1/$rest';

/** A reference to a capture, inside a level. */
const REFERENCE = /\$(\d+|rest)/g;

/** @param broker the name that takes the place of `{broker}` */
export function parseRule(text: string, broker: string): ParsedRule {
  const filled = text.replaceAll('{broker}', broker).trim();
  const sides = filled.split(ARROW);
  const [canonical = '', local = ''] = sides;
  if (sides.length === 2) return parseSides(text, canonical, local);
  if (sides.length === 1 && new RegExp(WORD.source).test(filled)) return parseWords(text, filled);
  return {
    problem: sides.length > 2 ? 'it has more than one arrow' : 'it has no arrow, and no word such as prefix:',
    fix: `write canonical -> local, ${EXAMPLE}, or prefix: site/oslo/`,
  };
}

function parseWords(text: string, filled: string): ParsedRule {
  const words = new Map<string, string>();
  const places = [...filled.matchAll(WORD)];
  if (places[0]?.index !== 0)
    return { problem: 'a text stands before its first word', fix: 'begin with prefix: or suffix:' };
  for (const [index, place] of places.entries()) {
    const [match, word = ''] = place;
    if (words.has(word)) return { problem: `it has the word ${word}: twice`, fix: 'keep one of the two' };
    words.set(word, filled.slice(place.index + match.length, places[index + 1]?.index).trim());
  }
  const fault = wordFault(words);
  if (fault !== undefined) return fault;
  const { prefix = '', suffix = '', hiddenPrefix = '', control = '' } = Object.fromEntries(words);
  const mapsControlTopics = hiddenPrefix !== '' || control === 'true';
  const envelope = { hiddenPrefix, mapsControlTopics };
  if (prefix === '' && suffix === '') return { rule: undefined, envelope };
  const parsed = parseSides(text, '#', `${prefix}$rest${suffix}`);
  return 'problem' in parsed ? parsed : { ...parsed, envelope };
}

function wordFault(words: ReadonlyMap<string, string>): RuleFault | undefined {
  for (const [word, value] of words) {
    if (word === 'control') {
      if (value !== 'true' && value !== 'false')
        return {
          problem: `control: is ${JSON.stringify(value)}`,
          fix: 'write control: true or control: false',
        };
      continue;
    }
    if (value === '')
      return {
        problem: `the word ${word}: has no value`,
        fix: `write ${word}: ${word === 'suffix' ? '/oslo' : 'site/oslo/'}, or remove it`,
      };
    if (/[+#$\0]/.test(value))
      return {
        problem: `${word}: has a wildcard or a \`$\``,
        fix: `write plain levels; for captures write a rule with an arrow, ${EXAMPLE}`,
      };
    const isWhole = word === 'suffix' ? value.startsWith('/') : value.endsWith('/');
    if (!isWhole) {
      return {
        problem: `${word}: does not ${word === 'suffix' ? 'begin' : 'end'} with \`/\``,
        fix: `write whole levels, such as ${word === 'suffix' ? `/${value}` : `${value}/`}`,
      };
    }
  }
  return undefined;
}

function parseSides(text: string, canonical: string, local: string): ParsedRule {
  const fault = filterFault(canonical);
  if (fault !== undefined)
    return {
      problem: `the left side is not a topic filter: ${fault}`,
      fix: `write a topic filter, ${EXAMPLE}`,
    };
  const left = templateOf(canonical);
  const right = parseLocal(local, left);
  if ('problem' in right) return right;
  const leastRest = left.hasRest && (leastLevels(left) === 0 || leastLevels(right) === 0) ? 1 : 0;
  return {
    rule: { text, filter: canonical, canonical: left, local: right, leastRest },
    envelope: NO_ENVELOPE,
  };
}

/** A topic filter as a template. */
function templateOf(filter: string): Template {
  const levels = filter.split('/');
  const hasRest = levels.at(-1) === '#';
  if (hasRest) levels.pop();
  let captures = 0;
  return {
    before: levels.map(level => (level === '+' ? captured(captures++) : literal(level))),
    hasRest,
    after: [],
  };
}

function parseLocal(text: string, left: Template): Template | RuleFault {
  if (text === '')
    return { problem: 'nothing stands after the arrow', fix: `write the name at the broker, ${EXAMPLE}` };
  if (/[+#\0]/.test(text))
    return {
      problem: 'the right side has a wildcard',
      fix: 'write $1, $2 and $rest for what + and # capture on the left',
    };
  const captures = left.before.filter(({ capture }) => capture !== undefined).length;
  const wanted = [
    ...Array.from({ length: captures }, (_, index) => `$${index + 1}`),
    ...(left.hasRest ? ['$rest'] : []),
  ];
  const used = [...text.matchAll(REFERENCE)].map(([reference]) => reference);
  const unknown = used.find(reference => !wanted.includes(reference));
  if (unknown !== undefined)
    return {
      problem: `the right side has ${unknown}, and nothing on the left captures it`,
      fix: `use ${wanted.join(', ') || 'no captures'} only`,
    };
  const lost = wanted.find(reference => used.filter(each => each === reference).length !== 1);
  if (lost !== undefined) {
    const times = used.includes(lost) ? 'twice' : 'not at all';
    return {
      problem: `the right side has ${lost} ${times}, so that several topics could become one`,
      fix: `write ${lost} exactly once`,
    };
  }
  const levels = text.split('/');
  const rest = levels.indexOf('$rest');
  if (left.hasRest && rest === -1)
    return { problem: '`$rest` shares its level with other text', fix: 'give $rest a level of its own' };
  const crowded = levels.find(level => level !== '$rest' && [...level.matchAll(REFERENCE)].length > 1);
  if (crowded !== undefined)
    return {
      problem: `the level ${JSON.stringify(crowded)} has two captures, which cannot be told apart again`,
      fix: 'give each capture a level of its own',
    };
  const parts = levels.map(level => localLevel(level));
  if (rest === -1) return { before: parts, hasRest: false, after: [] };
  return { before: parts.slice(0, rest), hasRest: true, after: parts.slice(rest + 1) };
}

function localLevel(level: string): Level {
  const [match] = level.matchAll(REFERENCE);
  if (match === undefined || match[1] === 'rest') return literal(level);
  return {
    pre: level.slice(0, match.index),
    capture: Number(match[1]) - 1,
    post: level.slice(match.index + match[0].length),
  };
}
