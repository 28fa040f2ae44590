/**
 * JSON payloads, indented, with what differs from other payloads marked. Numbers and texts are shown as they were
 * written: a parser would round long numbers.
 */

export type Json =
  | { readonly kind: 'scalar'; readonly raw: string }
  | { readonly kind: 'list'; readonly items: readonly Json[] }
  /** The keys are as written, in quotes. */
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: Json])[] };

export interface JsonLine {
  /** Levels. */
  readonly indent: number;
  readonly text: string;
  /**
   * - `differs`: the other payload has another value here
   * - `extra`: the other payload does not have it
   * - `missing`: only the other payload has it
   */
  readonly mark: 'same' | 'differs' | 'extra' | 'missing';
}

/** Nested deeper than that, a payload is shown as text. */
const MAX_DEPTH = 40;

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** Undefined if the text is no object and no list. */
export function parseJson(text: string): Json | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;
  const valueAt = (depth: number): Json => {
    if (depth > MAX_DEPTH) throw new RangeError('too deep');
    const token = tokens[at++] ?? '';
    if (token !== '{' && token !== '[') return { kind: 'scalar', raw: token };
    const end = token === '{' ? '}' : ']';
    const entries: (readonly [string, Json])[] = [];
    while (tokens[at] !== end) {
      if (tokens[at] === ',') at++;
      const key = token === '{' ? (tokens[at] ?? '') : '';
      // The key and its colon.
      if (token === '{') at += 2;
      entries.push([key, valueAt(depth + 1)]);
    }
    at++;
    return token === '{'
      ? { kind: 'object', entries }
      : { kind: 'list', items: entries.map(([, item]) => item) };
  };
  try {
    return valueAt(0);
  } catch {
    return undefined;
  }
}

/** With what a payload is compared. */
export interface Comparand {
  readonly others: readonly Json[];
  /** Whether keys are shown that only the others have. */
  readonly showsMissing: boolean;
}

export function jsonLines(json: Json, { others, showsMissing }: Comparand = NOTHING): JsonLine[] {
  const lines: JsonLine[] = [];
  addLines(lines, json, others, { indent: 0, before: '', after: '', showsMissing });
  return lines;
}

const NOTHING: Comparand = { others: [], showsMissing: false };

interface Place {
  readonly indent: number;
  /** A key and its colon, or ''. */
  readonly before: string;
  /** A comma, or ''. */
  readonly after: string;
  readonly mark?: JsonLine['mark'];
  readonly showsMissing: boolean;
}

function addLines(lines: JsonLine[], json: Json, others: readonly Json[], place: Place): void {
  const { indent, before, after } = place;
  if (json.kind === 'scalar') {
    const mark = place.mark ?? (others.every(other => isSame(json, other)) ? 'same' : 'differs');
    lines.push({ indent, text: `${before}${json.raw}${after}`, mark });
    return;
  }
  const isOther = others.some(other => other.kind !== json.kind);
  const mark = place.mark ?? (isOther ? 'differs' : 'same');
  const [open, close] = json.kind === 'object' ? ['{', '}'] : ['[', ']'];
  const children = childrenOf(json);
  const gone =
    place.showsMissing && !isOther ? others.flatMap(other => missingIn(children, childrenOf(other))) : [];
  if (children.length + gone.length === 0) {
    const isEmptyOther = others.every(other => isSame(json, other));
    lines.push({
      indent,
      text: `${before}${open}${close}${after}`,
      mark: place.mark ?? (isEmptyOther ? 'same' : 'differs'),
    });
    return;
  }
  lines.push({ indent, text: before + open, mark });
  // A list can have thousands of items.
  const theirs = others.map(other => new Map(childrenOf(other).map(({ key, value }) => [key, value])));
  for (const [index, { key, value }] of children.entries()) {
    const there = isOther ? [] : theirs.map(children => children.get(key));
    const isExtra = there.some(value => value === undefined);
    addLines(lines, value, isExtra ? [] : (there as Json[]), {
      ...place,
      indent: indent + 1,
      before: json.kind === 'object' ? `${key}: ` : '',
      after: index < children.length - 1 ? ',' : '',
      ...(isOther ? { mark: 'differs' as const } : isExtra ? { mark: 'extra' as const } : {}),
    });
  }
  for (const { key, value } of gone) {
    const before = json.kind === 'object' ? `${key}: ` : '';
    addLines(lines, value, [], { ...place, indent: indent + 1, before, after: '', mark: 'missing' });
  }
  lines.push({ indent, text: close + after, mark });
}

interface Child {
  /** The index in a list. */
  readonly key: string;
  readonly value: Json;
}

function childrenOf(json: Json): readonly Child[] {
  if (json.kind === 'scalar') return [];
  if (json.kind === 'list') return json.items.map((value, index) => ({ key: String(index), value }));
  return json.entries.map(([key, value]) => ({ key, value }));
}

function missingIn(children: readonly Child[], others: readonly Child[]): readonly Child[] {
  const keys = new Set(children.map(({ key }) => key));
  return others.filter(({ key }) => !keys.has(key));
}

/** By what they say: the order of keys does not count. */
function isSame(a: Json, b: Json): boolean {
  if (a.kind === 'scalar' || b.kind === 'scalar')
    return a.kind === b.kind && (a as { raw: string }).raw === (b as { raw: string }).raw;
  if (a.kind !== b.kind) return false;
  return (
    childrenOf(a).length === childrenOf(b).length &&
    childrenOf(a).every(({ key, value }) => {
      const there = childrenOf(b).find(child => child.key === key);
      return there !== undefined && isSame(value, there.value);
    })
  );
}
