/** Reads a configuration in a spec: a valid environment and what a spec adds to it; problems as lines. */

import type { Config, ConfigResult, Problem } from '../../lib/config/config.ts';
import { readConfig } from '../../lib/config/read-config.ts';

export type Env = Record<string, string>;

/** Two brokers and a topic, without a problem. */
export const SOUND: Env = {
  HOME: '/home/duck',
  MQTTREP_CLIENT_oslo: 'mqtt://oslo.example:1883',
  MQTTREP_CLIENT_paris: 'mqtts://paris.example',
  MQTTREP_TOPIC_ducks: 'canards/#',
};

const FILES: Env = {
  '/run/oslo.json': '\uFEFF{"username":"oslo"}\n',
  '/run/empty.json': ' \n',
  '/run/token': 's3cret-of-sixteen\n',
  '/run/broken.json': '{\n  "password" "s3cret"\n}',
};

export function readFile(path: string): string {
  const content = FILES[path];
  if (content === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
  return content;
}

export function read(env: Env, base: Env = SOUND): ConfigResult {
  return readConfig({ ...base, ...env }, readFile);
}

export function accepted(env: Env, base: Env = SOUND): Config {
  const result = read(env, base);
  if (!result.ok) throw new Error(lines(result.errors).join('\n'));
  return result.config;
}

export function errorsOf(env: Env, base: Env = SOUND): readonly string[] {
  const result = read(env, base);
  return result.ok ? [] : lines(result.errors);
}

export function warningsOf(env: Env, base: Env = SOUND): readonly string[] {
  return lines(read(env, base).warnings);
}

function lines(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ variable, problem, fix }) => `${variable}: ${problem}; ${fix}`);
}
