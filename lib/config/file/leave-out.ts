/**
 * What is left of a mqttrep.yaml without its wrong keys, so that the rest is checked, too: a user fixes all problems in one go.
 * A part is left out only where nothing else depends on it.
 */

import type { Path } from './places.ts';

/** Of a broker and of a topic; what they are about depends on these. */
const NEEDED: ReadonlySet<string> = new Set(['url', 'filter', 'id', 'map', 'exclude', 'mode']);

type Content = Readonly<Record<string, unknown>>;

/** A copy without these parts; undefined if one of them is needed. */
export function withoutParts(content: object, paths: readonly Path[]): object | undefined {
  const { brokers, topics } = content as Content;
  if (brokers === undefined || topics === undefined || !paths.every(isDispensable)) return undefined;
  const copy = structuredClone(content);
  for (const path of paths) {
    const last = String(path.at(-1));
    let parent: unknown = copy;
    for (const key of path.slice(0, -1)) parent = (parent as Content | undefined)?.[key];
    if (typeof parent !== 'object' || parent === null || Array.isArray(parent)) return undefined;
    delete (parent as Record<string, unknown>)[last];
  }
  return copy;
}

function isDispensable(path: Path): boolean {
  const [section, , key] = path;
  if (path.length === 1) return section !== 'brokers' && section !== 'topics' && section !== 'defaults';
  if (section === 'defaults') return path.length === 2 && path[1] !== 'url';
  if (section !== 'brokers' && section !== 'topics') return false;
  return path.length === 3 && !NEEDED.has(String(key));
}
