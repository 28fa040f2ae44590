/**
 * The known word that a user most likely meant. Case does not count. Two swapped neighbours count as one slip. There is
 * no guess for a word that differs too much.
 */

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
  const slips = editDistance(word.toLowerCase(), other.toLowerCase());
  const most = Math.max(1, Math.floor(longer / 3));
  if (slips > most || slips >= longer) return slips === 0 ? 0 : undefined;
  return slips;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      current[j] = Math.min(
        at(previous, j) + 1,
        at(current, j - 1) + 1,
        at(previous, j - 1) + (same ? 0 : 1),
        swapped ? at(beforePrevious, j - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
