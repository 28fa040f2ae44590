/**
 * mqttrep.yaml: the settings in one file. Its content becomes the environment variables that say the same, so that every check of
 * a value exists once; and a problem with such a variable is told with the place in the file.
 */

import * as v from 'valibot';
import { LineCounter, parseDocument, visit } from 'yaml';
import { HARMLESS_NUMBERS } from '../broker-options.ts';
import { nearest } from '../nearest.ts';
import { type Problem, show } from '../problems.ts';
import { CONFIG_FILE } from './file-schema.ts';
import { variablesOf } from './file-variables.ts';
import { interpolate, type Variables } from './interpolate.ts';
import { TOPIC_KEYS } from './keys.ts';
import { withoutParts } from './leave-out.ts';
import { type Path, Places } from './places.ts';

/** A larger file is no configuration. */
const MAX_CHARACTERS = 1024 * 1024;

export interface ConfigFile {
  readonly variables: Readonly<Record<string, string>>;
  /** Where a variable comes from; also for a problem with one option of a broker. */
  readonly placeOf: (problem: Problem) => string;
  /** What is wrong with keys that are left out of the variables. The rest was read in order to be checked, too. */
  readonly leftOut: readonly Problem[];
}

export type ReadConfigFile = ConfigFile | { readonly errors: readonly Problem[] };

/**
 * @param name of the file, for problems
 * @param environment for `${NAME}`
 */
export function readConfigFile(name: string, text: string, environment: Variables): ReadConfigFile {
  if (text.length > MAX_CHARACTERS) {
    return {
      errors: [
        {
          variable: name,
          problem: `it is longer than ${MAX_CHARACTERS} characters`,
          fix: 'name a file of mqttrep',
        },
      ],
    };
  }
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
  });
  const places = new Places(name, document, lines);
  const syntax = document.errors.map(({ message, pos: [offset] }) => ({
    variable: places.at(offset),
    problem: `it is not YAML: ${withoutValue(message)}`,
    fix: 'check the file at that place: indentation, quotes and colons',
  }));
  if (syntax.length > 0) return { errors: syntax };
  const errors = fill(document, environment, places);
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 1_000 }) ?? {};
  } catch (error) {
    const problem = `it cannot be read: ${withoutValue((error as Error).message)}`;
    const fix = 'correct its aliases (*name), or quote a value that begins with *';
    return { errors: [{ variable: name, problem, fix }] };
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    const problem = `it is ${kindOf(content)}, not keys with values`;
    return { errors: [{ variable: name, problem, fix: 'begin with a key, such as brokers:' }] };
  }
  const result = v.safeParse(CONFIG_FILE, content);
  const wrong = result.success ? [] : result.issues.flatMap(issue => wrongParts(issue));
  const leftOut = distinct(wrong.map(part => problemOf(part, places)));
  const rest =
    wrong.length === 0
      ? content
      : withoutParts(
          content,
          wrong.map(({ path }) => path),
        );
  if (errors.length > 0 || rest === undefined || !v.is(CONFIG_FILE, rest))
    return { errors: distinct([...errors, ...leftOut]) };
  const { variables, paths, repeated } = variablesOf(rest);
  if (repeated.length > 0) {
    return { errors: [...leftOut, ...repeated.map(({ path, id }) => repeatedId(path, id, places))] };
  }
  return { variables, placeOf: problem => placeOf(problem, paths, places), leftOut };
}

/** Fills the environment variables in, in place. Returns what is wrong with them. */
function fill(document: ReturnType<typeof parseDocument>, environment: Variables, places: Places): Problem[] {
  const errors: Problem[] = [];
  visit(document, {
    Scalar: (key, node) => {
      const offset = node.range?.[0] ?? 0;
      if (key === 'key' && node.value === '__proto__') {
        errors.push({
          variable: places.at(offset),
          problem: 'it has a key `__proto__`',
          fix: 'remove this key',
        });
      }
      if (key === 'key' || typeof node.value !== 'string') return;
      const filled = interpolate(node.value, environment);
      if ('problem' in filled) errors.push({ variable: places.at(offset), ...filled });
      else node.value = filled.text;
    },
  });
  return errors;
}

type Issue = v.BaseIssue<unknown>;

interface WrongPart {
  readonly path: Path;
  readonly issue: Issue;
}

/** Of a union, what is wrong with the alternative that came closest. */
function wrongParts(issue: Issue, above: Path = []): WrongPart[] {
  const path = [...above, ...(issue.path ?? []).map(({ key }) => key as string | number)];
  const deeper = issue.issues?.filter(({ path: below }) => below !== undefined) ?? [];
  const strange = deeper.filter(isUnknownKey);
  if (issue.type === 'union' && deeper.length > 0) {
    return (strange.length > 0 ? strange : deeper).flatMap(each => wrongParts(each, path));
  }
  return [{ path, issue }];
}

function problemOf({ path, issue }: WrongPart, places: Places): Problem {
  const variable = places.of(path);
  const last = String(path.at(-1));
  if (isUnknownKey(issue)) {
    const known = knownKeys(path);
    const meant = nearest(last, known);
    return {
      variable,
      problem: `there is no key \`${last}\``,
      fix: meant === undefined ? `use one of ${known.join(', ')}` : `did you mean \`${meant}\`?`,
    };
  }
  if (issue.input === null) {
    return {
      variable,
      problem: 'it has no value',
      fix: 'write a value; `#` begins a comment, unless it is in quotes: "#"',
    };
  }
  if (issue.type === 'regex') {
    return { variable, problem: `${show(last)} is not a name`, fix: `write ${issue.message} only` };
  }
  if (issue.input === undefined)
    return { variable, problem: `\`${last}\` is missing`, fix: `add \`${last}\`` };
  return { variable, problem: `it is ${shownInput(last, issue.input)}`, fix: `write ${issue.message}` };
}

function repeatedId(path: Path, id: string, places: Places): Problem {
  return {
    variable: places.of(path),
    problem: `another one has the id ${show(id)}, too`,
    fix: 'give each an id of its own',
  };
}

function isUnknownKey({ type, expected }: Issue): boolean {
  return type === 'strict_object' && expected === 'never';
}

/** The message up to what it repeats of the file, which may be a secret. */
function withoutValue(message: string): string {
  return message.split(/[\n:]/)[0]?.replace(/\.$/, '') ?? '';
}

function knownKeys(path: Path): string[] {
  const [section] = path;
  if (path.length === 1) return Object.keys(CONFIG_FILE.entries).filter(key => key !== '$schema');
  if (section === 'topics') return ['filter', 'id', ...TOPIC_KEYS.map(({ key }) => key)];
  return section === 'exclude' || path[2] === 'exclude'
    ? ['filters', 'brokers', 'id']
    : ['rule', 'prefix', 'suffix', 'hiddenPrefix', 'control', 'brokers', 'id'];
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value === 'string' ? 'text' : typeof value}`;
}

/** Another number may be a password without its quotes. */
function shownInput(key: string, value: unknown): string {
  return typeof value === 'number' && HARMLESS_NUMBERS.has(key) ? String(value) : kindOf(value);
}

function distinct(problems: readonly Problem[]): Problem[] {
  const known = new Map(problems.map(problem => [`${problem.variable} ${problem.problem}`, problem]));
  return [...known.values()];
}

/** Of an option of a broker its own line, if the problem names it. */
function placeOf(
  { variable, problem }: Problem,
  paths: ReadonlyMap<string, readonly Path[]>,
  places: Places,
): string {
  const candidates = paths.get(variable) ?? [];
  const options = [...problem.matchAll(/`([\w.]+)`/g)].flatMap(
    ([, option = '']) => option.split('.')[0] ?? [],
  );
  const exact = candidates.find(path => options.includes(String(path.at(-1))));
  const path = exact ?? candidates[0];
  return path === undefined ? variable : places.of(path);
}
