/**
 * Characters that MQTT 5 §1.5.4 forbids in a string, or advises against. U+0000 and lone surrogates are forbidden. A receiver
 * may treat control characters and non-characters as a malformed packet: some brokers accept them, others hang up on them. So a
 * message with such a character is not replicated, though its own broker accepted it.
 */

/** `\p{Cs}` is a surrogate without its other half; NChar is U+FDD0 to U+FDEF, and the last two of each plane. */
const UNWANTED = /[\p{Cc}\p{Cs}\p{NChar}]/u;
const CONTROL = /\p{Cc}/u;

export type UnwantedCharacter = 'control character' | 'non-character';

/** The kind of an unwanted character in the text; undefined if it has none. */
export function unwantedCharacter(text: string): UnwantedCharacter | undefined {
  if (!UNWANTED.test(text)) return undefined;
  return CONTROL.test(text) ? 'control character' : 'non-character';
}
