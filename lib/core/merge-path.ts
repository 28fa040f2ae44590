/**
 * Paths into a decoded payload: keys and array indexes between dots, with `\.` for a dot inside a key. The empty path is the
 * whole payload.
 *
 * Invariant: a path finds own properties only. `__proto__` is a key like any other, and inherited properties are never found.
 */

/** A longer path is a mistake: payloads are not nested so deep. */
export const MAX_PATH_KEYS = 32;

export type PathFault = 'empty key' | 'stray backslash' | 'too many keys';

const INDEX = /^(?:0|[1-9]\d{0,9})$/;
const INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;

/** The text without its backslashes; undefined if one stands before another character than `.`, `,` or `\`. */
export function unescaped(text: string): string | undefined {
  const plain = text.replaceAll(/\\[.,\\]/g, '');
  return plain.includes('\\') ? undefined : text.replaceAll(/\\([.,\\])/g, '$1');
}

/** The inverse of `unescaped`, for a part of a path. */
export function escaped(text: string): string {
  return text.replaceAll(/[.,\\]/g, '\\$&');
}

/** Splits at each separator without a backslash before it. The backslashes stay. */
export function splitUnescaped(text: string, separator: '.' | ','): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

export function parsePath(text: string): readonly string[] | PathFault {
  if (text === '') return [];
  const path: string[] = [];
  for (const part of splitUnescaped(text, '.')) {
    const key = unescaped(part);
    if (key === undefined) return 'stray backslash';
    if (key === '') return 'empty key';
    path.push(key);
  }
  return path.length > MAX_PATH_KEYS ? 'too many keys' : path;
}

export function formatPath(path: readonly string[]): string {
  return path.map(escaped).join('.');
}

/** The value at the path, or undefined. */
export function follow(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const key of path) {
    value = child(value, key);
    if (value === undefined) return undefined;
  }
  return value;
}

function child(parent: unknown, key: string): unknown {
  if (typeof parent !== 'object' || parent === null) return undefined;
  if (parent instanceof Map) {
    // CBOR has maps with numbers as keys.
    return parent.has(key) || !INTEGER.test(key) ? parent.get(key) : parent.get(Number(key));
  }
  if (Array.isArray(parent)) return INDEX.test(key) ? parent[Number(key)] : undefined;
  return isRecord(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
}

/** Whether a user would say that the value has keys. Dates and byte strings have none. */
function isRecord(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
