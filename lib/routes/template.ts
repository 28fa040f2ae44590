/**
 * One side of a mapping rule: levels of literal text, or text around one captured level, and at most one run of further levels.
 * Both sides of a rule have this form, so a rule works in both directions: one side reads a topic, the other one writes it.
 */

/** A level: `pre`, then what was captured, then `post`. Without a capture the level is the text `pre`. */
export interface Level {
  readonly pre: string;
  /** The number of the captured level, from 0; undefined for a literal level. */
  readonly capture: number | undefined;
  readonly post: string;
}

/** Plain data, so that it can cross to another thread. */
export interface Template {
  readonly before: readonly Level[];
  /** Whether any number of levels stands between `before` and `after`. */
  readonly hasRest: boolean;
  readonly after: readonly Level[];
}

/** What a template has read of a topic: a text for each captured level, and the levels of the rest. */
export interface Captures {
  readonly levels: readonly string[];
  readonly rest: readonly string[];
}

/** A level with no other text than its capture. */
export function captured(capture: number): Level {
  return { pre: '', capture, post: '' };
}

export function literal(text: string): Level {
  return { pre: text, capture: undefined, post: '' };
}

/** The fewest levels of a topic that the template reads. */
export function leastLevels({ before, after }: Template): number {
  return before.length + after.length;
}

/** What the levels of a topic are by the template; undefined if the topic has another form. */
export function readLevels(template: Template, levels: readonly string[]): Captures | undefined {
  const { before, hasRest, after } = template;
  const more = levels.length - before.length - after.length;
  if (more < 0 || (more > 0 && !hasRest)) return undefined;
  const found: string[] = [];
  if (!readInto(found, before, levels, 0)) return undefined;
  if (after.length > 0 && !readInto(found, after, levels, levels.length - after.length)) return undefined;
  return { levels: found, rest: more === 0 ? [] : levels.slice(before.length, before.length + more) };
}

function readInto(
  found: string[],
  parts: readonly Level[],
  levels: readonly string[],
  from: number,
): boolean {
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] as Level;
    const level = levels[from + index] as string;
    const { pre, capture, post } = part;
    if (capture === undefined) {
      if (level !== pre) return false;
    } else if (pre === '' && post === '') {
      found[capture] = level;
    } else {
      const end = level.length - post.length;
      if (end < pre.length || !level.startsWith(pre) || !level.endsWith(post)) return false;
      found[capture] = level.slice(pre.length, end);
    }
  }
  return true;
}

/** The levels that a template writes of what another one has read. */
export function writeLevels({ before, hasRest, after }: Template, captures: Captures): string[] {
  const levels: string[] = [];
  for (const part of before) levels.push(writeLevel(part, captures));
  if (hasRest) for (const level of captures.rest) levels.push(level);
  for (const part of after) levels.push(writeLevel(part, captures));
  return levels;
}

function writeLevel({ pre, capture, post }: Level, { levels }: Captures): string {
  if (capture === undefined) return pre;
  const level = levels[capture] as string;
  return pre === '' && post === '' ? level : `${pre}${level}${post}`;
}

/** What has to hold for the rest of a topic: a topic has at least one level on both sides. */
interface Rest {
  readonly leastRest: number;
}

/** Whether a rule maps a canonical topic, given by its levels. */
export function matchesRule(
  { canonical, leastRest }: Rest & { readonly canonical: Template },
  levels: readonly string[],
): boolean {
  const captures = readLevels(canonical, levels);
  return captures !== undefined && captures.rest.length >= leastRest;
}

/** The topic that one side of a rule reads, as the other side writes it. */
export function through(
  from: Template,
  to: Template,
  { leastRest }: Rest,
  levels: readonly string[],
): string | undefined {
  const captures = readLevels(from, levels);
  if (captures === undefined || captures.rest.length < leastRest) return undefined;
  return writeLevels(to, captures).join('/');
}
