/** Reads a mqttrep.yaml in a spec. */

import type { Config, Problem } from '../../../lib/config/config.ts';
import { readConfigFile } from '../../../lib/config/file/config-file.ts';
import { readConfig } from '../../../lib/config/read-config.ts';
import type { Env } from '../reading.ts';
import { readFile } from '../reading.ts';

const HOME = '/home/duck';

/** Problems as lines; the place in the file comes first. */
export function problemsOfFile(text: string, env: Env = {}): readonly string[] {
  const file = readConfigFile('mqttrep.yaml', text, env);
  const line = ({ variable, problem, fix }: Problem) => `${variable}: ${problem}; ${fix}`;
  if ('errors' in file) return file.errors.map(line);
  const result = readConfig({ HOME, ...file.variables, ...env }, readFile);
  const problems = [...(result.ok ? [] : result.errors), ...result.warnings];
  return [
    ...file.leftOut.map(line),
    ...problems.map(each => line({ ...each, variable: file.placeOf(each) })),
  ];
}

/** @throws if the file has a problem */
export function configOfFile(text: string, env: Env = {}): Config {
  const problems = problemsOfFile(text, env);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const file = readConfigFile('mqttrep.yaml', text, env);
  if ('errors' in file) throw new Error('unreachable');
  const result = readConfig({ HOME, ...file.variables, ...env }, readFile);
  if (!result.ok) throw new Error('unreachable');
  return result.config;
}
