/**
 * The known word that a user most likely meant. Case does not count. Two swapped neighbours count as one slip. There is
 * no guess for a word that differs too much.
 */

import damerauLevenshtein from 'damerau-levenshtein';

/** Longer words are not compared: a comparison costs the product of both lengths. */
const MAX_WORD_CHARACTERS = 100;

/** The candidate with the fewest slips; undefined if every candidate has too many. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const slips = slipsBetween(word, candidate);
    if (slips === undefined || slips >= fewest) continue;
    best = candidate;
    fewest = slips;
  }
  return best;
}

/** The number of slips between two words; undefined if there are too many. */
export function slipsBetween(word: string, other: string): number | undefined {
  const longer = Math.max(word.length, other.length);
  if (longer > MAX_WORD_CHARACTERS) return undefined;
  const { steps: slips } = damerauLevenshtein(word.toLowerCase(), other.toLowerCase());
  const most = Math.max(1, Math.floor(longer / 3));
  if (slips > most || slips >= longer) return slips === 0 ? 0 : undefined;
  return slips;
}
