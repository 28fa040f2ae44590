/** Payloads as text on one line, distinguished from words of the page. */

import type { Value } from '../../api.ts';

export interface ShownValue {
  readonly text: string;
  /** A word of the page, such as «deleted», not a payload. */
  readonly isWord: boolean;
}

/** The most characters of a payload on one line. */
const MAX_LINE_LENGTH = 200;

const WORDS = { deleted: 'deleted', hidden: 'hidden', unknown: 'unknown' } as const;

export function shownValue(value: Value): ShownValue {
  if (value.kind === 'text') {
    return {
      text: visible(
        value.text.length > MAX_LINE_LENGTH ? `${value.text.slice(0, MAX_LINE_LENGTH)}…` : value.text,
      ),
      isWord: false,
    };
  }
  if (value.kind === 'base64') {
    return {
      text: `${value.text.slice(0, MAX_LINE_LENGTH)}${value.text.length > MAX_LINE_LENGTH ? '…' : ''}`,
      isWord: false,
    };
  }
  return { text: WORDS[value.kind], isWord: true };
}

/** Control characters, and characters that change the writing direction, would affect the text around them. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, character => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return code === 0x7f ? '\u2421' : '\ufffd';
  });
}
