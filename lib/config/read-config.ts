/**
 * From the environment to a `Config`, or to every problem at once. The only reader of the environment, and
 * pure: files are read by the function that is handed in.
 */

import { readBrokers } from './brokers.ts';
import type { Config, ConfigResult } from './config.ts';
import { type Environment, sortEnvironment } from './environment.ts';
import { type Parsed, Problems } from './problems.ts';
import { readTopics } from './topics.ts';
import { parseFrequency, parseLogFormat, parseLogLevel } from './values.ts';
import type { ProcessKey } from './variables.ts';

/** Hz. */
const DEFAULT_FREQUENCY = 1;

/**
 * Reads the configuration from environment variables `MQTTREP_…`.
 *
 * Never throws for what a user wrote; problems come sorted by variable, and none shows a secret.
 *
 * @param readFile reads a file named by an `MQTTREP_CONFIG_{name}_FILE` as UTF-8; throws if it cannot
 */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): ConfigResult {
  const problems = new Problems();
  const environment = sortEnvironment(env, problems);
  const { names, brokers } = readBrokers(environment, readFile, problems);
  const topics = readTopics(environment, names, problems);
  const config: Config = { brokers, topics, ...readProcess(environment, problems) };
  const { errors, warnings } = problems;
  return errors.length === 0 ? { ok: true, config, warnings } : { ok: false, errors, warnings };
}

function readProcess(environment: Environment, problems: Problems): Pick<Config, 'mergeFrequency' | 'log'> {
  const read = <T>(key: ProcessKey, parse: (text: string) => Parsed<T>, fallback: T): T => {
    const entry = environment.process.get(key);
    return (entry && problems.take(entry.variable, parse(entry.value))) ?? fallback;
  };
  return {
    mergeFrequency: read('MERGE_FREQUENCY', parseFrequency, DEFAULT_FREQUENCY),
    log: {
      level: read('LOG_LEVEL', parseLogLevel, 'info'),
      format: read('LOG_FORMAT', parseLogFormat, 'text'),
    },
  };
}
