/**
 * The configuration of a command, and its problems on standard error. It comes from the command line, the environment,
 * `--env-file` and `--config`. If several have a variable, the first of them wins.
 */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type FilePlaces, placesOf } from '../config/broker-places.ts';
import type { Config, Problem } from '../config/config.ts';
import { mergeEnv, parseEnvFile } from '../config/env-file.ts';
import type { ConfigFile } from '../config/file/config-file.ts';
import { problemOfWholeFile } from '../config/file/whole-file.ts';
import { type HttpAccess, readConfig, readHttpAccess } from '../config/read-config.ts';
import type { ReadVariables } from '../config/route-of.ts';

export interface Loaded extends ReadVariables {
  readonly config: Config | undefined;
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Where a command finds its configuration, besides the environment. */
export interface Source {
  /** `--env-file` */
  readonly envFile: string | undefined;
  /** `--config` */
  readonly configFile: string | undefined;
  /** What `--broker` and `--topic` say, as variables. */
  readonly variables: Environment;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks the configuration. A file that cannot be read is a problem like any other. */
export async function loadConfig(source: Source): Promise<Loaded> {
  return (await configSource(source))();
}

/** For a command that reads the same configuration several times. */
export async function configSource(source: Source): Promise<() => Loaded> {
  const find = await environmentSource(source);
  return () => {
    const found = find();
    if ('errors' in found)
      return { config: undefined, errors: found.errors, warnings: [], variables: {}, sourceOf: nameOf };
    const { variables, placed, leftOut, withPlaces } = found;
    const result = readConfig(variables, readText);
    const read = {
      variables,
      sourceOf: (variable: string) => placed({ variable, problem: '', fix: '' }).variable,
      warnings: distinct(result.warnings.map(placed)),
    };
    const errors = [...leftOut, ...(result.ok ? [] : result.errors.map(placed))];
    return result.ok && errors.length === 0
      ? { config: withPlaces(result.config), errors, ...read }
      : { config: undefined, errors: distinct(errors), ...read };
  };
}

function nameOf(variable: string): string {
  return variable;
}

/** A line in the defaults of mqttrep.yaml is wrong for each broker, and told once. */
function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map(problem => [describe(problem), problem])).values()];
}

/** The address of a running mqttrep; the rest of the configuration may be missing or wrong. */
export async function loadHttp(source: Source): Promise<HttpAccess> {
  const found = (await environmentSource(source))();
  if ('errors' in found) return { http: undefined, token: undefined, errors: found.errors };
  const access = readHttpAccess(found.variables, readText);
  return { ...access, errors: [...found.leftOut, ...access.errors.map(found.placed)] };
}

/** All variables together. */
export async function loadVariables(source: Source): Promise<{
  readonly variables: Environment;
  readonly errors?: readonly Problem[];
}> {
  const found = (await environmentSource(source))();
  return 'errors' in found ? { variables: {}, errors: found.errors } : { variables: found.variables };
}

interface FoundVariables {
  readonly variables: Environment;
  /** The problem with the place in the file that it comes from. */
  readonly placed: (problem: Problem) => Problem;
  /** With the places of the brokers that are not set by variables alone. */
  readonly withPlaces: (config: Config) => Config;
  /** What is wrong with keys of the file that are left out. */
  readonly leftOut: readonly Problem[];
}

type Failed = { readonly errors: readonly Problem[] };

async function environmentSource({
  envFile,
  configFile,
  variables,
}: Source): Promise<() => FoundVariables | Failed> {
  const yaml = configFile === undefined ? undefined : await yamlFile(configFile);
  let own: Environment | undefined;
  return () => {
    let environment: Environment = process.env;
    if (envFile !== undefined) {
      const file = readEnvFile(envFile);
      if ('errors' in file) return file;
      own ??= withoutFile(process.env, file.variables);
      environment = mergeEnv(file.variables, own);
    }
    const outer = mergeEnv(environment as Record<string, string>, variables);
    const outside = (problem: Problem) => placedOutside(problem, variables);
    const placing = (inFile: (broker: string) => FilePlaces | undefined) => (config: Config) =>
      withPlaces(config, inFile, outer, variable => outside({ variable, problem: '', fix: '' }).variable);
    if (yaml === undefined)
      return { variables: outer, placed: outside, leftOut: [], withPlaces: placing(() => undefined) };
    const file = yaml.read(outer);
    if ('errors' in file) return file;
    const placed = (problem: Problem) =>
      problem.variable in file.variables && outer[problem.variable] === undefined
        ? { ...problem, variable: file.placeOf(problem) }
        : (problemOfWholeFile(yaml.name, problem) ?? outside(problem));
    return {
      variables: mergeEnv(file.variables, outer),
      placed,
      leftOut: file.leftOut,
      withPlaces: placing(file.brokerPlaces),
    };
  };
}

function withPlaces(
  config: Config,
  inFile: (broker: string) => FilePlaces | undefined,
  outer: Environment,
  nameOf: (variable: string) => string,
): Config {
  const brokers = config.brokers.map(broker => {
    const { name } = broker;
    return { ...broker, places: placesOf(name, { outer, nameOf, inFile: inFile(name) }) };
  });
  return { ...config, brokers };
}

/** A variable that stands for an option of the command line is named by the option. */
function placedOutside(problem: Problem, variables: Environment): Problem {
  if (!(problem.variable in variables)) return problem;
  const [, name = ''] = /^MQTTREP_CLIENT_(.*)$/.exec(problem.variable) ?? [];
  return { ...problem, variable: name === '' ? '--topic' : `--broker ${name}` };
}

function readEnvFile(path: string): { readonly variables: Record<string, string> } | Failed {
  const text = textOf('--env-file', path);
  return typeof text === 'string' ? { variables: parseEnvFile(text) } : text;
}

interface YamlFile {
  readonly name: string;
  readonly read: (environment: Environment) => ConfigFile | Failed;
}

/** The package `yaml` takes more than 1 MB of memory, so it is loaded only if there is such a file. */
async function yamlFile(path: string): Promise<YamlFile> {
  const { readConfigFile } = await import('../config/file/config-file.ts');
  const name = basename(path);
  return {
    name,
    read: environment => {
      const text = textOf('--config', path);
      return typeof text === 'string' ? readConfigFile(name, text, environment) : text;
    },
  };
}

function textOf(option: string, path: string): string | Failed {
  try {
    return readText(path);
  } catch (error) {
    const { message } = error as Error;
    return { errors: [{ variable: option, problem: message, fix: 'name a file that can be read' }] };
  }
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

/**
 * The environment of the process without the variables of the file. Node.js itself reads an `--env-file` that is anywhere
 * on the command line. So its variables are in `process.env` as well, and would hide later changes of the file.
 */
function withoutFile(environment: Environment, file: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name, value]) => value !== file[name]));
}

/** Prints one problem a line, errors first. */
export function printProblems({ errors, warnings }: Pick<Loaded, 'errors' | 'warnings'>): void {
  const lines = [
    ...errors.map(problem => `error:   ${describe(problem)}`),
    ...warnings.map(problem => `warning: ${describe(problem)}`),
  ];
  if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
  if (errors.length > 0) {
    const count = errors.length === 1 ? 'one error' : `${errors.length} errors`;
    process.stderr.write(`\n${count} in the configuration; mqttrep does not start.\n`);
  }
}

export function describe({ variable, problem, fix }: Problem): string {
  return `${variable}: ${problem}; ${fix}`;
}
