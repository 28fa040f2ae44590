/**
 * Patterns that show names of a level which a cut read did not show. Each has `+` in the place of the name, and asks for so
 * little below it that it is likely to come completely.
 */

/** Patterns of each shape, at most: by depth, as in an example, by its last level, and by its first. */
const PATTERNS_OF_SHAPE = [8, 8, 4, 4] as const;

/**
 * Depths first at which no topic was seen: they show little, and prove that nothing is there. Then what is below the unknown
 * name as in an example, and with one of its levels alone.
 * @param above the levels before that of the unknown name
 * @param examples levels of topics that were seen
 */
export function discoveryPatterns(
  above: readonly string[],
  examples: readonly (readonly string[])[],
): readonly string[] {
  const below = examples.map(one => one.slice(above.length + 1)).filter(one => one.length > 0);
  const shapes = [
    otherDepths(below),
    below,
    below.map(rest => rest.map((name, index) => (index === rest.length - 1 ? name : '+'))),
    below.map(rest => rest.map((name, index) => (index === 0 ? name : '+'))),
  ];
  return shapes.flatMap((shape, index) => {
    const all = [...new Set(shape.map(rest => [...above, '+', ...rest].join('/')))];
    return spread(all, PATTERNS_OF_SHAPE[index] ?? 0);
  });
}

/** Any names: at each depth up to the deepest example at which there is none, and below that. */
function otherDepths(examples: readonly (readonly string[])[]): string[][] {
  const depths = new Set(examples.map(({ length }) => length));
  const deepest = Math.max(0, ...depths);
  const others: string[][] = [];
  for (let depth = 1; depth <= deepest; depth++) if (!depths.has(depth)) others.push(wild(depth));
  return [...others, [...wild(deepest + 1), '#']];
}

function wild(levels: number): string[] {
  return Array.from({ length: levels }, () => '+');
}

/** So many of them at most, from all over the list. */
function spread<T>(all: readonly T[], most: number): T[] {
  const step = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_one, index) => index % step === 0);
}
