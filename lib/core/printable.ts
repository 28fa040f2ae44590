/**
 * Makes text from the network safe for a log line, a report or a terminal. It stays on one line and is not too long. It has no
 * character that controls a terminal, breaks the line, or reverses the text after it.
 *
 * JSON.stringify is not enough: it leaves U+007F to U+009F (U+009B begins a terminal sequence), U+2028, U+2029 and the
 * characters that change the direction of writing.
 */

/** How many characters of a topic, or of another text from the network, are shown. */
export const SHOWN_CHARACTERS = 200;

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{NChar}]/gu;
const UNPRINTABLE_OR_QUOTE = /["\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{NChar}]/gu;

const SHORT: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
};

/** The text, cut to so many characters with `…` at the end. */
export function printable(text: string, characters = SHOWN_CHARACTERS): string {
  return bounded(text, characters).replace(UNPRINTABLE, escaped);
}

/** The same in double quotes. */
export function quoted(text: string, characters = SHOWN_CHARACTERS): string {
  return `"${bounded(text, characters).replace(UNPRINTABLE_OR_QUOTE, escaped)}"`;
}

/** JSON for a terminal, of any length. Its meaning and its line breaks stay. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, character => (character === '\n' ? character : escaped(character)));
}

function bounded(text: string, characters: number): string {
  if (text.length <= characters) return text;
  // The cut must not separate the two halves of a character.
  const end = isHighSurrogate(text.charCodeAt(characters - 1)) ? characters - 1 : characters;
  return `${text.slice(0, end)}…`;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Like JSON, it escapes each half of a surrogate pair separately. */
function escaped(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  let text = '';
  for (let at = 0; at < character.length; at++) {
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }
  return text;
}
