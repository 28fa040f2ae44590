/**
 * The merge chain: how the winner among the messages of a topic is chosen. Comparators are tried from left to right, and the
 * first that finds a difference decides. `arrival` ends every chain.
 *
 *     json:meta.serial,json:meta.time,arrival
 *
 * This is the chain as text, and as data that crosses threads. `merge-order.ts` compares messages by it.
 */

import { escaped, formatPath, type PathFault, parsePath, splitUnescaped, unescaped } from './merge-path.ts';

/** Payload formats that a path can point into. */
export const FORMATS = ['json', 'msgpack', 'cbor', 'geobuf'] as const;
export type Format = (typeof FORMATS)[number];

/** The larger value wins, unless a comparator says otherwise. */
export type Comparator =
  /** The newer version wins: last writer wins. */
  | { readonly by: 'arrival' }
  /** Payloads byte by byte; if one begins with the other, the longer wins. */
  | { readonly by: 'bytes' }
  /** The last value of an MQTT 5 user property. */
  | { readonly by: 'property'; readonly name: string }
  /** The value at a path in the decoded payload. */
  | { readonly by: Format; readonly path: readonly string[] };

/** Plain data. Never empty: `arrival` is its last comparator, and stands nowhere else. */
export type MergeChain = readonly Comparator[];

/** Last writer wins: for topics whose filters set no chain. */
export const DEFAULT_CHAIN: MergeChain = [{ by: 'arrival' }];

/** Names of comparators as a user writes them. */
export const COMPARATORS = ['arrival', 'bytes', 'property', ...FORMATS] as const;

/** A longer chain is a mistake, and each comparator costs time for every message. */
export const MAX_COMPARATORS = 16;

/** A comparator as the first version wrote it, and as it is written now. */
export interface Renamed {
  readonly from: string;
  readonly to: string;
}

/** What is wrong with a chain. `comparator` is the text of the user. */
export type MergeFault =
  | { readonly kind: 'empty' | 'too long' }
  | { readonly kind: 'after arrival' | 'no argument' | 'argument' | PathFault; readonly comparator: string }
  | { readonly kind: 'unknown'; readonly comparator: string; readonly name: string };

export type ParsedChain =
  | { readonly chain: MergeChain; readonly renamed: readonly Renamed[] }
  | { readonly fault: MergeFault };

/** The names of the first version. Its `random` chose another winner at each replica, so it is read as `bytes`. */
const OLD_NAMES: ReadonlyMap<string, (typeof COMPARATORS)[number]> = new Map([
  ['lastwin', 'arrival'],
  ['biggest', 'bytes'],
  ['random', 'bytes'],
  ['jsonbiggest', 'json'],
  ['msgpackbiggest', 'msgpack'],
  ['geobufbiggest', 'geobuf'],
]);

/** Reads a chain as a user writes it. Case of names, blanks around commas and empty entries do not matter. */
export function parseMergeChain(text: string): ParsedChain {
  const chain: Comparator[] = [];
  const renamed: Renamed[] = [];
  const written = splitUnescaped(text, ',').flatMap(part => part.trim() || []);
  if (written.length === 0) return { fault: { kind: 'empty' } };
  for (const comparator of written) {
    if (chain.at(-1)?.by === 'arrival') return { fault: { kind: 'after arrival', comparator } };
    const parsed = parseComparator(comparator);
    if ('fault' in parsed) return parsed;
    chain.push(parsed.comparator);
    if (parsed.old) renamed.push({ from: comparator, to: formatComparator(parsed.comparator) });
  }
  if (chain.at(-1)?.by !== 'arrival') chain.push({ by: 'arrival' });
  return chain.length > MAX_COMPARATORS ? { fault: { kind: 'too long' } } : { chain, renamed };
}

/** The chain as it is written today. */
export function formatMergeChain(chain: MergeChain): string {
  return chain.map(formatComparator).join(',');
}

/** The formats that these chains have to decode. */
export function formatsOf(chains: Iterable<MergeChain>): ReadonlySet<Format> {
  const formats = new Set<Format>();
  for (const chain of chains) {
    for (const comparator of chain) if ('path' in comparator) formats.add(comparator.by);
  }
  return formats;
}

type ParsedComparator =
  | { readonly comparator: Comparator; readonly old: boolean }
  | { readonly fault: MergeFault };

function parseComparator(written: string): ParsedComparator {
  const colon = written.indexOf(':');
  const name = (colon === -1 ? written : written.slice(0, colon)).trim();
  const argument = colon === -1 ? undefined : written.slice(colon + 1).trim();
  const current = OLD_NAMES.get(name.toLowerCase());
  const by = current ?? COMPARATORS.find(known => known === name.toLowerCase());
  const old = current !== undefined;
  const fault = (kind: 'no argument' | 'argument' | PathFault) => ({ fault: { kind, comparator: written } });
  switch (by) {
    case undefined:
      return { fault: { kind: 'unknown', comparator: written, name } };
    case 'arrival':
    case 'bytes':
      return argument ? fault('argument') : { comparator: { by }, old };
    case 'property': {
      if (!argument) return fault('no argument');
      const property = unescaped(argument);
      return property === undefined ? fault('stray backslash') : { comparator: { by, name: property }, old };
    }
    default: {
      if (argument === undefined) return fault('no argument');
      const path = parsePath(old ? withoutBrackets(argument) : argument);
      return typeof path === 'string' ? fault(path) : { comparator: { by: by satisfies Format, path }, old };
    }
  }
}

/** The first version used the paths of lodash: `features[0].id`. */
function withoutBrackets(path: string): string {
  return path.replaceAll(/\[(\d+)\]/g, '.$1').replace(/^\./, '');
}

function formatComparator(comparator: Comparator): string {
  if ('path' in comparator) return `${comparator.by}:${formatPath(comparator.path)}`;
  return comparator.by === 'property'
    ? `property:${escaped(comparator.name).replaceAll('\\.', '.')}`
    : comparator.by;
}
