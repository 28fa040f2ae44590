/** Payloads as text on one line, distinguished from words of the page. */

import type { HeldValue, Value } from '../../api.ts';
import { bytesOf, hexOf } from './hex.ts';

export interface ShownValue {
  readonly text: string;
  /** A word of the page, such as «missing», not a payload. */
  readonly isWord: boolean;
}

/** What a broker holds, in a word or as its payload. */
export interface ShownHeld extends ShownValue {
  readonly tone: 'same' | 'differs' | 'refused';
  /** What the word means. */
  readonly meaning: string;
}

/** The most characters of a payload on one line. */
const MAX_LINE_LENGTH = 200;

/** The most bytes of a binary payload on one line. */
const MAX_LINE_BYTES = 40;

const WORDS = { deleted: 'deleted', hidden: 'hidden', unknown: 'not known yet' } as const;

export function shownValue(value: Value): ShownValue {
  if (value.kind === 'text') {
    const isLong = value.text.length > MAX_LINE_LENGTH;
    return { text: visible(isLong ? `${value.text.slice(0, MAX_LINE_LENGTH)}…` : value.text), isWord: false };
  }
  if (value.kind === 'base64') {
    const bytes = bytesOf(value.text);
    const isLong = value.bytes > MAX_LINE_BYTES;
    return { text: `${hexOf(bytes.subarray(0, MAX_LINE_BYTES))}${isLong ? ' …' : ''}`, isWord: false };
  }
  return { text: WORDS[value.kind], isWord: true };
}

/** What a broker holds of a topic with this winner. */
export function shownHeld({ value, agrees, isRefused }: HeldValue, winner: Value): ShownHeld {
  if (isRefused === true && !agrees)
    return word('refused', 'refused', 'The broker does not accept the topic. Its details tell why.');
  const tone = agrees ? 'same' : 'differs';
  switch (value.kind) {
    case 'unknown':
      if (agrees)
        return word('excluded', tone, 'The configuration does not publish the topic to this broker.');
      return word('not known yet', tone, 'The broker has not shown yet what it retains under the topic.');
    case 'deleted':
      if (!agrees) return word('missing', tone, 'The broker retains no message under the topic, and should.');
      if (winner.kind === 'deleted') return word('nothing', tone, 'The topic is deleted here too.');
      return word('excluded', tone, 'The configuration does not publish the topic to this broker.');
    default:
      return { ...shownValue(value), tone, meaning: '' };
  }
}

function word(text: string, tone: ShownHeld['tone'], meaning: string): ShownHeld {
  return { text, isWord: true, tone, meaning };
}

/** Control characters, and characters that change the writing direction, would affect the text around them. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, character => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return code === 0x7f ? '\u2421' : '\ufffd';
  });
}

/** As `visible`, but lines stay lines. */
export function visibleLines(text: string): string {
  return text.split(/\r?\n/).map(visible).join('\n');
}
