/** The configuration of a command, from the environment and `--env-file`, and its problems on standard error. */

import { readFileSync } from 'node:fs';
import type { Config, Problem } from '../config/config.ts';
import { mergeEnv, parseEnvFile } from '../config/env-file.ts';
import { type HttpAccess, readConfig, readHttpAccess } from '../config/read-config.ts';

export interface Loaded {
  readonly config: Config | undefined;
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Reads and checks the configuration. A file that cannot be read is a problem like any other. */
export function loadConfig(envFile: string | undefined): Loaded {
  return configSource(envFile)();
}

/** For a command that reads the same configuration several times. */
export function configSource(envFile: string | undefined): () => Loaded {
  let own: Environment | undefined;
  return () => {
    if (envFile === undefined) return load(process.env);
    const file = readEnvFile(envFile);
    if ('unreadable' in file) return { config: undefined, errors: [file.unreadable], warnings: [] };
    own ??= withoutFile(process.env, file.variables);
    return load(mergeEnv(file.variables, own));
  };
}

/** The address of a running mqttrep; the rest of the configuration may be missing or wrong. */
export function loadHttp(envFile: string | undefined): HttpAccess {
  if (envFile === undefined) return readHttpAccess(process.env, readText);
  const file = readEnvFile(envFile);
  return 'unreadable' in file
    ? { http: undefined, token: undefined, errors: [file.unreadable] }
    : readHttpAccess(mergeEnv(file.variables, process.env), readText);
}

type Environment = Readonly<Record<string, string | undefined>>;

type EnvFile = { readonly variables: Record<string, string> } | { readonly unreadable: Problem };

function readEnvFile(path: string): EnvFile {
  try {
    return { variables: parseEnvFile(readText(path)) };
  } catch (error) {
    const { message } = error as Error;
    return { unreadable: { variable: '--env-file', problem: message, fix: 'name a file that can be read' } };
  }
}

function load(environment: Environment): Loaded {
  const result = readConfig(environment, readText);
  return result.ok
    ? { config: result.config, errors: [], warnings: result.warnings }
    : { config: undefined, errors: result.errors, warnings: result.warnings };
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
export function printProblems({ errors, warnings }: Loaded): void {
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
