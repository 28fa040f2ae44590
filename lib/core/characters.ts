/**
 * Characters that MQTT does not want in a string (MQTT 5 §1.5.4): U+0000 and lone surrogates are forbidden, and a
 * receiver may treat control characters and non-characters as a malformed packet. Some brokers let them pass; others hang
 * up on them. A message that has one must therefore not reach a broker that did not let it in itself.
 */

/** `\p{Cs}` is a surrogate without its other half; NChar is U+FDD0 to U+FDEF, and the last two of each plane. */
const UNWANTED = /[\p{Cc}\p{Cs}\p{NChar}]/u;
const CONTROL = /\p{Cc}/u;

export type UnwantedCharacter = 'control character' | 'non-character';

/** The kind of an unwanted character in the text; undefined where there is none. */
export function unwantedCharacter(text: string): UnwantedCharacter | undefined {
  if (!UNWANTED.test(text)) return undefined;
  return CONTROL.test(text) ? 'control character' : 'non-character';
}
