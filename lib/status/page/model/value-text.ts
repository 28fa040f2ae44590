/** Payloads as text that can be shown on one line, and told from words of our own. */

import type { Value } from '../../api.ts';

export interface ShownValue {
  readonly text: string;
  /** A word of ours, such as «deleted», and no payload. */
  readonly isWord: boolean;
}

/** Characters of a payload that a line shows at most. */
const LINE = 200;

const WORDS = { deleted: 'deleted', hidden: 'hidden', unknown: 'unknown' } as const;

export function shownValue(value: Value): ShownValue {
  if (value.kind === 'text') {
    return {
      text: visible(value.text.length > LINE ? `${value.text.slice(0, LINE)}…` : value.text),
      isWord: false,
    };
  }
  if (value.kind === 'base64') {
    return { text: `${value.text.slice(0, LINE)}${value.text.length > LINE ? '…' : ''}`, isWord: false };
  }
  return { text: WORDS[value.kind], isWord: true };
}

/** Control characters, and those that turn the direction of writing, would change what stands around them. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, character => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return code === 0x7f ? '\u2421' : '\ufffd';
  });
}
