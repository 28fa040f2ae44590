/** `MQTTREP_MERGE_{id}`: a merge chain, or what is wrong with the text. */

import {
  COMPARATORS,
  MAX_COMPARATORS,
  type MergeChain,
  type MergeFault,
  parseMergeChain,
  type Renamed,
} from '../core/merge-chain.ts';
import { MAX_PATH_KEYS } from '../core/merge-path.ts';
import { nearest } from './nearest.ts';
import { type Fault, type Parsed, show } from './problems.ts';

const EXAMPLE = 'such as json:meta.serial,json:meta.time,arrival';

/** Each comparator as a user writes it. */
const NOTATION: Readonly<Record<(typeof COMPARATORS)[number], string>> = {
  arrival: 'arrival',
  bytes: 'bytes',
  property: 'property:NAME',
  json: 'json:PATH',
  msgpack: 'msgpack:PATH',
  cbor: 'cbor:PATH',
  geobuf: 'geobuf:PATH',
};

/** Warns of names of the first version. */
export function parseMerge(text: string): Parsed<MergeChain> {
  const parsed = parseMergeChain(text);
  if ('fault' in parsed) return describeFault(parsed.fault, text);
  return { value: parsed.chain, warnings: parsed.renamed.map(describeRenamed) };
}

function describeFault(fault: MergeFault, value: string): Fault {
  switch (fault.kind) {
    case 'empty':
      return { problem: `${show(value)} names no comparator`, fix: `write a chain, ${EXAMPLE}` };
    case 'too long':
      return {
        problem: `the chain has more than ${MAX_COMPARATORS} comparators`,
        fix: `write a shorter one, ${EXAMPLE}`,
      };
    case 'unknown':
      return { problem: `${show(fault.comparator)} is not a comparator`, fix: fixForName(fault.name) };
    case 'after arrival':
      return {
        problem: `${show(fault.comparator)} stands after arrival, which always decides`,
        fix: 'put arrival at the end, or remove it: every chain ends with it',
      };
    case 'argument':
      return {
        problem: `${show(fault.comparator)} has an argument after the colon, but takes none`,
        fix: `write ${nameOf(fault.comparator)} only`,
      };
    case 'no argument':
      return {
        problem: `${show(fault.comparator)} does not say what to compare`,
        fix: fixForArgument(fault),
      };
    case 'empty key':
      return {
        problem: `${show(fault.comparator)} has an empty key in its path`,
        fix: 'separate keys and indexes by one dot, such as features.0.id',
      };
    case 'stray backslash':
      return {
        problem: `${show(fault.comparator)} has a backslash that escapes nothing`,
        fix: 'write \\. for a dot in a key, \\, for a comma and \\\\ for a backslash',
      };
    case 'too many keys':
      return {
        problem: `${show(fault.comparator)} has more than ${MAX_PATH_KEYS} keys in its path`,
        fix: 'write a shorter path',
      };
  }
}

function fixForName(name: string): string {
  const meant = nearest(name, COMPARATORS);
  if (meant !== undefined) return `did you mean ${meant}?`;
  return `write one of ${Object.values(NOTATION).join(', ')}`;
}

function fixForArgument({ comparator }: { readonly comparator: string }): string {
  const name = nameOf(comparator);
  return name === 'property'
    ? 'write the name of a user property after it, such as property:serial'
    : `write ${name}:PATH, such as ${name}:meta.serial, or ${name}: for the payload as a whole`;
}

function nameOf(comparator: string): string {
  return (comparator.split(':', 1)[0] ?? '').trim().toLowerCase();
}

/** `random` is the only name whose meaning has changed. */
function describeRenamed({ from, to }: Renamed): Fault {
  return nameOf(from) === 'random'
    ? {
        problem: `${show(from)} would choose differently at each replicator; mqttrep uses ${show(to)} instead`,
        fix: `write ${to}, or arrival for the last writer`,
      }
    : { problem: `${show(from)} is a name of the first version; mqttrep accepts it`, fix: `write ${to}` };
}
