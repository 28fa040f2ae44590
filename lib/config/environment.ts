/**
 * The environment, sorted by whom a variable belongs to and freed of what shells, compose files and
 * editors leave around a value. What the values mean is not known here.
 *
 * Holds: every value is trimmed, and none is empty but those of `KEPT_EMPTY`. An empty value of another variable counts
 * as unset.
 */

import type { Problems } from './problems.ts';
import { show } from './problems.ts';
import type { BrokerKey, ProcessKey, TopicKey, Variable } from './variables.ts';
import { FIRST_VERSION_FREQUENCY, PREFIX, parseVariable } from './variables.ts';

/** One variable that is set, under the name that the user gave it. */
export interface Entry {
  readonly variable: string;
  readonly value: string;
}

export interface Environment {
  readonly process: ReadonlyMap<ProcessKey, Entry>;
  /** By name of the broker. */
  readonly brokers: ReadonlyMap<string, ReadonlyMap<BrokerKey, Entry>>;
  /** By id of the topic. */
  readonly topics: ReadonlyMap<string, ReadonlyMap<TopicKey, Entry>>;
}

/**
 * CLIENT and TOPIC are required. An empty whitelist permits nobody; if it counted as unset, it would permit everybody.
 */
const KEPT_EMPTY: ReadonlySet<string> = new Set<BrokerKey | TopicKey>([
  'CLIENT',
  'TOPIC',
  'SUBSCRIBE_WHITELIST',
  'PUBLISH_WHITELIST',
]);

const BROKER_PREFIX = `${PREFIX}CLIENT_`;

/** Sorts the variables; warns of unknown names and of values that arrive in quotes. */
export function sortEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  problems: Problems,
): Environment {
  const set = Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const brokerNames = new Set(
    set
      .map(([variable]) => variable)
      .filter(v => v.startsWith(BROKER_PREFIX))
      .map(v => v.slice(BROKER_PREFIX.length)),
  );
  const sorted: Sorted = { process: new Map(), brokers: new Map(), topics: new Map() };
  for (const [variable, received] of set) {
    const parsed = parseVariable(variable, brokerNames);
    if (parsed === undefined) continue;
    if (parsed.of === 'unknown') {
      warnOfUnknown(variable, parsed.nearest, problems);
      continue;
    }
    const value = freed(variable, received, problems);
    if (value !== '' || ('key' in parsed && KEPT_EMPTY.has(parsed.key)))
      place({ variable, value }, parsed, sorted, problems);
  }
  honourFirstVersion(env[FIRST_VERSION_FREQUENCY], sorted.process, problems);
  return sorted;
}

interface Sorted {
  readonly process: Map<ProcessKey, Entry>;
  readonly brokers: Map<string, Map<BrokerKey, Entry>>;
  readonly topics: Map<string, Map<TopicKey, Entry>>;
}

function place(entry: Entry, parsed: Variable, sorted: Sorted, problems: Problems): void {
  switch (parsed.of) {
    case 'process':
      sorted.process.set(parsed.key, entry);
      break;
    case 'broker':
      group(sorted.brokers, parsed.name).set(parsed.key, entry);
      break;
    case 'topic':
      placeTopic(entry, parsed, group(sorted.topics, parsed.id), problems);
      break;
    case 'nobody':
      problems.error(entry.variable, {
        problem: `${show(parsed.named)} is no name: only letters, digits and underscores may be in one`,
        fix: `rename the variable after the pattern ${parsed.pattern}`,
      });
      break;
    case 'unknown':
      break;
  }
}

function placeTopic(
  entry: Entry,
  { key, properName }: Variable & { readonly of: 'topic' },
  settings: Map<TopicKey, Entry>,
  problems: Problems,
): void {
  const present = settings.get(key);
  if (present !== undefined) {
    // Only a misspelt name and the proper one meet here; which comes first is the environment's whim.
    const misspelt = properName === undefined ? present.variable : entry.variable;
    problems.error(misspelt, {
      problem: `it is set together with ${properName ?? entry.variable}, which means the same`,
      fix: `keep ${properName ?? entry.variable} alone`,
    });
    return;
  }
  if (properName !== undefined) {
    problems.warn(entry.variable, {
      problem: 'the name is an old misspelling of PUBLISH_BLACKLIST, and honoured',
      fix: `rename it to ${properName}`,
    });
  }
  settings.set(key, entry);
}

function honourFirstVersion(
  received: string | undefined,
  process: Map<ProcessKey, Entry>,
  problems: Problems,
): void {
  if (received === undefined || process.has('MERGE_FREQUENCY')) return;
  const value = freed(FIRST_VERSION_FREQUENCY, received, problems);
  if (value === '') return;
  process.set('MERGE_FREQUENCY', { variable: FIRST_VERSION_FREQUENCY, value });
  problems.warn(FIRST_VERSION_FREQUENCY, {
    problem: 'the name is that of the first version, and honoured',
    fix: `rename it to ${PREFIX}MERGE_FREQUENCY`,
  });
}

function freed(variable: string, received: string, problems: Problems): string {
  const value = received.trim();
  const quote = value.at(0);
  if (value.length < 2 || (quote !== '"' && quote !== "'") || value.at(-1) !== quote) return value;
  problems.warn(variable, {
    problem: 'the value arrives wrapped in quotes, which are left out (Docker keeps those of its env files)',
    fix: 'remove the quotes around the value',
  });
  return value.slice(1, -1).trim();
}

function warnOfUnknown(variable: string, known: string | undefined, problems: Problems): void {
  problems.warn(variable, {
    problem: 'mqttrep knows no variable of this name and ignores it',
    fix: known === undefined ? 'remove it, or look for its name in the README' : `did you mean ${known}?`,
  });
}

function group<K, V>(groups: Map<string, Map<K, V>>, name: string): Map<K, V> {
  const known = groups.get(name);
  if (known !== undefined) return known;
  const made = new Map<K, V>();
  groups.set(name, made);
  return made;
}
