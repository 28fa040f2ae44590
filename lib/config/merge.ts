/** `MQTTREP_MERGE_{id}`: the chain that it says, or what is wrong with it. */

import {
  COMPARATORS,
  FORMATS,
  MAX_COMPARATORS,
  type MergeChain,
  type MergeFault,
  parseMergeChain,
  type Renamed,
} from '../core/merge-chain.ts';
import { MAX_PATH_KEYS } from '../core/merge-path.ts';
import type { Entry } from './environment.ts';
import { nearest } from './nearest.ts';
import { type Fault, type Problems, show } from './problems.ts';

const EXAMPLE = 'such as json:meta.serial,json:meta.time,arrival';

/** Reads the chain; warns of names of the first version. Undefined, and an error recorded, for none. */
export function readMerge({ variable, value }: Entry, problems: Problems): MergeChain | undefined {
  const parsed = parseMergeChain(value);
  if ('fault' in parsed) {
    problems.error(variable, describeFault(parsed.fault, value));
    return undefined;
  }
  for (const renamed of parsed.renamed) problems.warn(variable, describeRenamed(renamed));
  return parsed.chain;
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
      return { problem: `${show(fault.comparator)} is no comparator`, fix: fixForName(fault.name) };
    case 'after arrival':
      return {
        problem: `${show(fault.comparator)} stands after arrival, which always decides`,
        fix: 'put arrival at the end, or leave it out: it ends every chain',
      };
    case 'argument':
      return {
        problem: `${show(fault.comparator)} has something after the colon, which it does not take`,
        fix: `write ${nameOf(fault.comparator)} alone`,
      };
    case 'no argument':
      return {
        problem: `${show(fault.comparator)} does not say what to compare`,
        fix: fixForArgument(fault),
      };
    case 'empty key':
      return {
        problem: `${show(fault.comparator)} has an empty key in its path`,
        fix: 'write keys and indexes with one dot between each two, such as features.0.id',
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
  return `write arrival, bytes, property:NAME, or a format and a path: ${FORMATS.map(f => `${f}:PATH`).join(', ')}`;
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

/** `random` was understood as something else than it said. */
function describeRenamed({ from, to }: Renamed): Fault {
  return nameOf(from) === 'random'
    ? {
        problem: `${show(from)} would choose otherwise at each replicator, and is understood as ${show(to)}`,
        fix: `write ${to}, or arrival for the last writer`,
      }
    : { problem: `${show(from)} is a name of the first version, and honoured`, fix: `write ${to}` };
}
