/** The configuration for a command: from the environment and `--env-file`, or every problem on standard error. */

import { readFileSync } from 'node:fs';
import type { Config, Problem } from '../config/config.ts';
import { mergeEnv, parseEnvFile } from '../config/env-file.ts';
import { readConfig } from '../config/read-config.ts';

export interface Loaded {
  readonly config: Config | undefined;
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Reads and checks. A file that cannot be read is a problem like any other. */
export function loadConfig(envFile: string | undefined): Loaded {
  let env: Readonly<Record<string, string | undefined>> = process.env;
  if (envFile !== undefined) {
    try {
      env = mergeEnv(parseEnvFile(readFileSync(envFile, 'utf8')), process.env);
    } catch (error) {
      const problem = {
        variable: '--env-file',
        problem: (error as Error).message,
        mend: 'name a file that can be read',
      };
      return { config: undefined, errors: [problem], warnings: [] };
    }
  }
  const result = readConfig(env, path => readFileSync(path, 'utf8'));
  return result.ok
    ? { config: result.config, errors: [], warnings: result.warnings }
    : { config: undefined, errors: result.errors, warnings: result.warnings };
}

/** One problem a line, errors first. */
export function printProblems({ errors, warnings }: Loaded): void {
  const lines = [
    ...errors.map(problem => `error:   ${describe(problem)}`),
    ...warnings.map(problem => `warning: ${describe(problem)}`),
  ];
  if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
  if (errors.length > 0) {
    const count = errors.length === 1 ? 'one error' : `${errors.length} errors`;
    process.stderr.write(`\n${count} in the configuration; nothing was started.\n`);
  }
}

export function describe({ variable, problem, mend }: Problem): string {
  return `${variable}: ${problem}; ${mend}`;
}
