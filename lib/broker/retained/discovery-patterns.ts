/**
 * Patterns that discover names of a level of which a read was cut. Each has `+` in the place of the name. It matches so little
 * below that level that the broker is likely to show all of it.
 */

/** Most patterns of each shape: by depth, like an example, by its last level, and by its first level. */
const MAX_PATTERNS_BY_SHAPE = [8, 8, 4, 4] as const;

/**
 * First the depths at which no topic was seen: such a read shows little, and proves that nothing is there. Then the levels
 * below the unknown name like those of an example, and with only one of its levels.
 * @param above the levels above the unknown name
 * @param examples the levels of topics that were seen
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
    return spread(all, MAX_PATTERNS_BY_SHAPE[index] ?? 0);
  });
}

/** Any names at each depth without an example, up to the deepest example, and everything below that. */
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

/** At most this many entries, evenly spread over the list. */
function spread<T>(all: readonly T[], most: number): T[] {
  const step = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_one, index) => index % step === 0);
}
