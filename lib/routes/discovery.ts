/**
 * The topics in the discovery payloads of Home Assistant, under other names: those in `~`, `state_topic`, any other `…_topic`,
 * their abbreviations such as `stat_t`, and `topic` in lists of availability.
 *
 * Invariant: `toCanonical(toLocal(payload))` has the same bytes as the payload, whatever it is: what the broker delivers back is
 * what mqttrep published. Only the texts of topics are replaced; blanks, the order of keys and all other values stay as they are.
 * A payload that would not come back keeps its topics, and gets blanks in front that say so.
 */

import { isUtf8 } from 'node:buffer';

/** A larger payload is no discovery. */
const MAX_BYTES = 64 * 1024;

/** In front of a payload that keeps its topics, though it names some. JSON permits blanks there. */
const UNCHANGED = Buffer.from('\t\n\t\n');

/** Strings, and behind a key its colon. In valid JSON each quotation mark begins or ends one. */
const STRINGS = /"(?:[^"\\]|\\.)*"(\s*:\s*)?/g;

const TOPIC_KEY = /^"(?:.*_)?(?:topic|t)"$/;

/** A name, or undefined if it has none on the other side. */
export type Naming = (name: string) => string | undefined;

type Conversion = (text: string) => string | undefined;

export class DiscoveryPayloads {
  readonly #outward: Conversion;
  readonly #inward: Conversion;

  constructor(toLocal: Naming, toCanonical: Naming) {
    const outward = reversible(toLocal, toCanonical);
    const inward = reversible(toCanonical, toLocal);
    this.#outward = text => withNames(text, outward);
    this.#inward = text => withNames(text, inward);
  }

  toLocal(payload: Buffer): Buffer {
    if (isMarked(payload)) return marked(payload);
    if (!isConvertible(payload)) return payload;
    const text = payload.toString();
    const local = this.#outward(text) ?? text;
    const isReversible = (this.#inward(local) ?? local) === text;
    if (local === text && isReversible) return payload;
    const bytes = Buffer.from(local);
    return isReversible && isConvertible(bytes) && !isMarked(bytes) ? bytes : marked(payload);
  }

  toCanonical(payload: Buffer): Buffer {
    if (isMarked(payload)) return payload.subarray(UNCHANGED.length);
    if (!isConvertible(payload)) return payload;
    const text = payload.toString();
    const canonical = this.#inward(text) ?? text;
    return canonical === text ? payload : Buffer.from(canonical);
  }
}

/** Whether a topic announces something to Home Assistant. */
export function isDiscovery(topic: string): boolean {
  return topic.startsWith('homeassistant/') && topic.endsWith('/config');
}

function isConvertible(payload: Buffer): boolean {
  return payload.length > 0 && payload.length <= MAX_BYTES && isUtf8(payload);
}

function isMarked(payload: Buffer): boolean {
  return payload.subarray(0, UNCHANGED.length).equals(UNCHANGED);
}

function marked(payload: Buffer): Buffer {
  return Buffer.concat([UNCHANGED, payload]);
}

/** The name on the other side; the same name if it does not lead back. Wildcards and empty names are no topics. */
function reversible(there: Naming, back: Naming): (name: string) => string {
  return name => {
    if (name === '' || /[+#\0]/.test(name)) return name;
    const other = there(name);
    return other !== undefined && back(other) === name ? other : name;
  };
}

/** Undefined if it is no JSON object, or if its `~` cannot stand for a part of the new names. */
function withNames(text: string, nameOf: (name: string) => string): string | undefined {
  if (!isObject(text)) return undefined;
  const found = stringsOf(text);
  const bases = found.filter(({ key }) => key === '"~"');
  if (bases.length > 1) return undefined;
  const base = bases[0] && textIn(bases[0].raw);
  if (bases.length > 0 && base === undefined) return undefined;
  let result = '';
  let end = 0;
  for (const { key, raw, at } of found) {
    const value = key === '"~"' || TOPIC_KEY.test(key) ? textIn(raw) : undefined;
    if (value === undefined) continue;
    const rest = base === undefined || key === '"~"' ? undefined : restOf(value);
    if (rest !== undefined && base !== undefined) {
      const [before, after] = rest;
      if (nameOf(`${before}${base}${after}`) !== `${before}${nameOf(base)}${after}`) return undefined;
      continue;
    }
    result += text.slice(end, at) + JSON.stringify(nameOf(value));
    end = at + raw.length;
  }
  return result + text.slice(end);
}

function isObject(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

interface Value {
  readonly key: string;
  readonly raw: string;
  readonly at: number;
}

/** Strings that are values of keys. */
function stringsOf(text: string): Value[] {
  const values: Value[] = [];
  let key = '';
  let keyEnd = -1;
  for (const match of text.matchAll(STRINGS)) {
    const [whole, colon] = match;
    if (colon !== undefined) {
      key = whole.slice(0, -colon.length);
      keyEnd = match.index + whole.length;
    } else if (match.index === keyEnd) values.push({ key, raw: whole, at: keyEnd });
  }
  return values;
}

/** Undefined if it is written in an unusual way, with escapes that nobody needs: it could not be written so again. */
function textIn(raw: string): string | undefined {
  const value: unknown = JSON.parse(raw);
  return typeof value === 'string' && JSON.stringify(value) === raw ? value : undefined;
}

/** What stands before and behind `~`, which is the first or the last character. */
function restOf(value: string): readonly [before: string, after: string] | undefined {
  if (value.startsWith('~')) return ['', value.slice(1)];
  return value.endsWith('~') ? [value.slice(0, -1), ''] : undefined;
}
