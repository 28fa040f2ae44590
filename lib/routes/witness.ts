/**
 * Examples of topics that several templates read, if there are any. An example is as general as possible: a level that may have
 * any text gets a text that no rule mentions. So an example that no narrower rule takes over exists if any such topic exists.
 */

import { type Level, leastLevels, type Template } from './template.ts';

/** What a level must be: this text; or any text between `pre` and `post`. */
type Part = { readonly text: string } | { readonly pre: string; readonly post: string };

const ANY: Part = { pre: '', post: '' };

/** The topic `levels` as one template reads it, with a place for each capture and for each level of the rest. */
interface Slots {
  /** For each canonical level: the number of the local level, and the text around the capture there. */
  readonly levels: readonly (number | string)[];
}

/**
 * Yields topics that the local sides of both rules can write, one for each number of levels and each pair of filters.
 * @param most the largest number of levels that is tried
 * @param filters pairs of filters that the canonical topics have to match
 */
export function* sharedTopics(
  one: Side,
  other: Side,
  most: number,
  fresh: readonly string[],
): Generator<string> {
  const least = Math.max(leastLevels(one.template), leastLevels(other.template), 1);
  for (let depth = least; depth <= most; depth++) {
    const shared = meet(partsOf(one.template, depth), partsOf(other.template, depth));
    if (shared === undefined) continue;
    for (const filter of one.filters) {
      const narrowed = narrow(shared, one, filter);
      if (narrowed === undefined) continue;
      for (const second of other.filters) {
        const parts = narrow(narrowed, other, second);
        if (parts !== undefined)
          yield parts.map((part, index) => textOf(part, fresh[index] ?? 'x')).join('/');
      }
    }
  }
}

/** One side of a rule that reads topics, and the filters that the topics must match on its other side. */
export interface Side {
  readonly template: Template;
  readonly canonical: Template;
  readonly filters: readonly string[];
}

/** The levels of topics with this depth; undefined if the template reads none of them. */
function partsOf({ before, hasRest, after }: Template, depth: number): Part[] | undefined {
  const more = depth - before.length - after.length;
  if (more < 0 || (more > 0 && !hasRest)) return undefined;
  return [...before.map(partOf), ...Array.from({ length: more }, () => ANY), ...after.map(partOf)];
}

function partOf({ pre, capture, post }: Level): Part {
  return capture === undefined ? { text: pre } : { pre, post };
}

function meet(a: readonly Part[] | undefined, b: readonly Part[] | undefined): Part[] | undefined {
  if (a === undefined || b === undefined) return undefined;
  const met = a.map((part, index) => meetParts(part, b[index] as Part));
  return met.includes(undefined) ? undefined : (met as Part[]);
}

function meetParts(a: Part, b: Part): Part | undefined {
  if ('text' in a) return fits(a.text, b) ? a : undefined;
  if ('text' in b) return fits(b.text, a) ? b : undefined;
  const pre = longer(a.pre, b.pre, (long, short) => long.startsWith(short));
  const post = longer(a.post, b.post, (long, short) => long.endsWith(short));
  return pre === undefined || post === undefined ? undefined : { pre, post };
}

function fits(text: string, part: Part): boolean {
  if ('text' in part) return text === part.text;
  const { pre, post } = part;
  return text.length >= pre.length + post.length && text.startsWith(pre) && text.endsWith(post);
}

function longer(
  a: string,
  b: string,
  includes: (long: string, short: string) => boolean,
): string | undefined {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  return includes(long, short) ? long : undefined;
}

/** The levels for which the canonical topic also matches the filter; undefined if there are none. */
function narrow(parts: readonly Part[], { template, canonical }: Side, filter: string): Part[] | undefined {
  const wanted = filter.split('/');
  const isOpen = wanted.at(-1) === '#';
  if (isOpen) wanted.pop();
  const { levels } = slotsOf(template, canonical, parts.length);
  if (levels.length < wanted.length || (levels.length > wanted.length && !isOpen)) return undefined;
  const narrowed = [...parts];
  for (const [index, level] of wanted.entries()) {
    if (level === '+') continue;
    const slot = levels[index] as number | string;
    if (typeof slot === 'string') {
      if (slot !== level) return undefined;
      continue;
    }
    const around = aroundOf(template, slot, parts.length);
    const text = `${around.pre}${level}${around.post}`;
    if (!fits(text, narrowed[slot] as Part)) return undefined;
    narrowed[slot] = { text };
  }
  return narrowed;
}

/** Where each canonical level comes from: a literal, or the number of the level of the local topic. */
function slotsOf(template: Template, canonical: Template, depth: number): Slots {
  const rest = depth - leastLevels(template);
  const places = new Map<number, number>();
  const all: readonly (Level | undefined)[] = [
    ...template.before,
    ...Array.from({ length: rest }, () => undefined),
    ...template.after,
  ];
  for (const [index, part] of all.entries()) {
    if (part?.capture !== undefined) places.set(part.capture, index);
  }
  const ofLevel = ({ pre, capture }: Level) => (capture === undefined ? pre : (places.get(capture) ?? pre));
  return {
    levels: [
      ...canonical.before.map(ofLevel),
      ...Array.from({ length: rest }, (_, index) => template.before.length + index),
      ...canonical.after.map(ofLevel),
    ],
  };
}

function aroundOf({ before, after }: Template, index: number, depth: number): { pre: string; post: string } {
  const part = before[index] ?? after[index - (depth - after.length)];
  return part?.capture === undefined ? { pre: '', post: '' } : part;
}

function textOf(part: Part, fresh: string): string {
  return 'text' in part ? part.text : `${part.pre}${fresh}${part.post}`;
}
