/**
 * The environment, sorted by what a variable belongs to, and without what shells, compose files and editors leave
 * around a value. This module does not know what the values mean.
 *
 * Invariant: every value is trimmed. An empty value counts as unset, but for settings with `keepsEmpty`.
 */

import { BROKER_SETTINGS } from './broker-settings.ts';
import { type Problems, show } from './problems.ts';
import { PROCESS_SETTINGS } from './process-settings.ts';
import {
  FIRST_VERSION_FREQUENCY,
  OF_BROKER,
  OF_TOPIC,
  parseVariable,
  type Variable,
  variableName,
} from './variables.ts';

/** One variable that is set, under the name that the user gave it. */
export interface Entry {
  readonly variable: string;
  readonly value: string;
}

/** By key of the setting; with `_FILE` at its end if the variable names a file that holds the value. */
export type Entries = ReadonlyMap<string, Entry>;

export interface Environment {
  readonly process: Entries;
  /** By name of the broker. */
  readonly brokers: ReadonlyMap<string, Entries>;
  /** By id of the topic. */
  readonly topics: ReadonlyMap<string, Entries>;
  /** By id of a rule or an exclusion. */
  readonly routes: ReadonlyMap<string, Entries>;
}

const KEPT_EMPTY = new Set(
  [...OF_BROKER, ...OF_TOPIC].filter(({ keepsEmpty }) => keepsEmpty).map(({ key }) => key),
);

const BROKER_PREFIX = variableName(BROKER_SETTINGS.url, '');

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
  const sorted: Sorted = { process: new Map(), brokers: new Map(), topics: new Map(), routes: new Map() };
  for (const [variable, received] of set) {
    const parsed = parseVariable(variable, brokerNames);
    if (parsed === undefined) continue;
    if (parsed.of === 'unknown') {
      warnOfUnknown(variable, parsed.nearest, problems);
      continue;
    }
    const value = cleaned(variable, received, problems);
    if (value !== '' || ('key' in parsed && KEPT_EMPTY.has(parsed.key)))
      place({ variable, value }, parsed, sorted, problems);
  }
  acceptFirstVersion(env[FIRST_VERSION_FREQUENCY], sorted.process, problems);
  return sorted;
}

interface Sorted {
  readonly process: Map<string, Entry>;
  readonly brokers: Map<string, Map<string, Entry>>;
  readonly topics: Map<string, Map<string, Entry>>;
  readonly routes: Map<string, Map<string, Entry>>;
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
    case 'route':
      group(sorted.routes, parsed.id).set(parsed.key, entry);
      break;
    case 'nobody':
      problems.error(entry.variable, {
        problem: `${show(parsed.named)} is not a name: a name has only letters, digits and underscores`,
        fix: `rename the variable by the pattern ${parsed.pattern}`,
      });
      break;
    case 'unknown':
      break;
  }
}

function placeTopic(
  entry: Entry,
  { key, properName }: Variable & { readonly of: 'topic' },
  entries: Map<string, Entry>,
  problems: Problems,
): void {
  const present = entries.get(key);
  if (present !== undefined) {
    // Only a misspelt name and the proper one can meet here. The environment has no order, so either can come first.
    const misspelt = properName === undefined ? present.variable : entry.variable;
    problems.error(misspelt, {
      problem: `it is set together with ${properName ?? entry.variable}, which means the same`,
      fix: `keep only ${properName ?? entry.variable}`,
    });
    return;
  }
  if (properName !== undefined) {
    problems.warn(entry.variable, {
      problem: 'the name is an old misspelling of PUBLISH_BLACKLIST; mqttrep accepts it',
      fix: `rename it to ${properName}`,
    });
  }
  entries.set(key, entry);
}

function acceptFirstVersion(
  received: string | undefined,
  process: Map<string, Entry>,
  problems: Problems,
): void {
  const { mergeFrequency } = PROCESS_SETTINGS;
  if (received === undefined || process.has(mergeFrequency.key)) return;
  const value = cleaned(FIRST_VERSION_FREQUENCY, received, problems);
  if (value === '') return;
  process.set(mergeFrequency.key, { variable: FIRST_VERSION_FREQUENCY, value });
  problems.warn(FIRST_VERSION_FREQUENCY, {
    problem: 'the name is that of the first version; mqttrep accepts it',
    fix: `rename it to ${variableName(mergeFrequency)}`,
  });
}

/** Without blanks and quotes around the value. */
function cleaned(variable: string, received: string, problems: Problems): string {
  const value = received.trim();
  const quote = value.at(0);
  if (value.length < 2 || (quote !== '"' && quote !== "'") || value.at(-1) !== quote) return value;
  problems.warn(variable, {
    problem:
      'the value has quotes around it, which mqttrep removes (Docker keeps the quotes of its env files)',
    fix: 'remove the quotes around the value',
  });
  return value.slice(1, -1).trim();
}

function warnOfUnknown(variable: string, known: string | undefined, problems: Problems): void {
  problems.warn(variable, {
    problem: 'mqttrep has no variable of this name and ignores it',
    fix:
      known === undefined
        ? "remove it, or look its name up by 'mqttrep config --help'"
        : `did you mean ${known}?`,
  });
}

function group<K, V>(groups: Map<string, Map<K, V>>, name: string): Map<K, V> {
  const known = groups.get(name);
  if (known !== undefined) return known;
  const made = new Map<K, V>();
  groups.set(name, made);
  return made;
}
