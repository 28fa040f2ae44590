/**
 * From the environment to a `Config`, or to every problem at once. The only reader of the environment, and
 * pure: files are read by the function that is handed in.
 */

import { CONTROL_PREFIX } from '../protocol/control-topics.ts';
import type { Bounds, DeletionBound, StorePlace } from '../protocol/settings.ts';
import { DEFAULT_BOUNDS, LARGEST_BOUNDS, LEAST_MEMORY } from './bounds.ts';
import { readBrokers } from './brokers.ts';
import type { Config, ConfigResult, HttpConfig, Problem } from './config.ts';
import { type Environment, sortEnvironment } from './environment.ts';
import { readHttp, readToken } from './http.ts';
import { type Parsed, Problems } from './problems.ts';
import { defaultStorePlace } from './store-place.ts';
import type { ReadFile } from './text-file.ts';
import { readTopics } from './topics.ts';
import {
  parseBoolean,
  parseBound,
  parseBytes,
  parseControlTopic,
  parseDeletionGuard,
  parseFrequency,
  parseLogFormat,
  parseLogLevel,
  parseMaxDrift,
  parseScanPeriod,
  parseStore,
} from './values.ts';
import { brokerVariableName, type ProcessKey } from './variables.ts';

/** Hz. */
const DEFAULT_FREQUENCY = 1;

/** Seconds. */
const DEFAULT_SCAN_PERIOD = 600;

/** Seconds. */
const DEFAULT_MAX_DRIFT = 60;

/** What is deleted by hand while a link is down is seldom more. */
export const DEFAULT_DELETION_GUARD: DeletionBound = { topics: 10, percent: 5 };

/**
 * Reads the configuration from environment variables `MQTTREP_…`.
 *
 * Never throws for what a user wrote; problems come sorted by variable, and none shows a secret.
 *
 * @param readFile reads a file that a variable names as UTF-8; throws if it cannot
 */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
): ConfigResult {
  const problems = new Problems();
  const environment = sortEnvironment(env, problems);
  const { names, brokers } = readBrokers(environment, readFile, problems);
  const process = readProcess(environment, defaultStorePlace(env), problems);
  const topics = readTopics(environment, names, process.controlTopic ?? CONTROL_PREFIX, problems);
  const http = readHttp(environment, readFile, problems);
  const config: Config = { brokers, topics, ...process, http };
  if (config.stateTopics) judgeStateTopics(config, problems);
  const { errors, warnings } = problems;
  return errors.length === 0 ? { ok: true, config, warnings } : { ok: false, errors, warnings };
}

function judgeStateTopics({ brokers, controlTopic }: Config, problems: Problems): void {
  if (controlTopic === undefined) {
    problems.error('MQTTREP_STATE_TOPICS', {
      problem: 'there are no state topics without control topics, which MQTTREP_CONTROL_TOPIC turns off',
      fix: 'remove one of the two',
    });
  }
  for (const { name } of brokers.filter(({ options }) => options['will'] !== undefined)) {
    problems.warn(brokerVariableName('CONFIG', name), {
      problem: 'it has a will of its own, and state topics need one, so there are none at this broker',
      fix: 'remove the will, or MQTTREP_STATE_TOPICS',
    });
  }
}

export interface HttpAccess {
  /** Undefined for no server. */
  readonly http: HttpConfig | undefined;
  /** For who is told elsewhere whom to ask. */
  readonly token: string | undefined;
  readonly errors: readonly Problem[];
}

/** Where a running mqttrep can be asked, and by what token; the rest of the configuration may be missing or wrong. */
export function readHttpAccess(
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
): HttpAccess {
  const problems = new Problems();
  const environment = sortEnvironment(env, new Problems());
  const http = readHttp(environment, readFile, problems);
  return { http, token: readToken(environment, readFile, new Problems()), errors: problems.errors };
}

function readProcess(
  environment: Environment,
  storePlace: StorePlace,
  problems: Problems,
): Omit<Config, 'brokers' | 'topics' | 'http'> {
  const read = <T>(key: ProcessKey, parse: (text: string) => Parsed<T>, fallback: T): T => {
    const entry = environment.process.get(key);
    return (entry && problems.take(entry.variable, parse(entry.value))) ?? fallback;
  };
  const bound = (key: ProcessKey, what: Exclude<keyof Bounds, 'memory'>) =>
    read(key, text => parseBound(text, LARGEST_BOUNDS[what]), DEFAULT_BOUNDS[what]);
  return {
    mergeFrequency: read('MERGE_FREQUENCY', parseFrequency, DEFAULT_FREQUENCY),
    store: read('STORE', parseStore, storePlace),
    controlTopic: read('CONTROL_TOPIC', parseControlTopic, { prefix: CONTROL_PREFIX }).prefix,
    stateTopics: read('STATE_TOPICS', parseBoolean, false),
    scanPeriod: read('SCAN_PERIOD', parseScanPeriod, DEFAULT_SCAN_PERIOD),
    maxDrift: read('MAX_DRIFT', parseMaxDrift, DEFAULT_MAX_DRIFT),
    deletionGuard: read('DELETION_GUARD', parseDeletionGuard, DEFAULT_DELETION_GUARD),
    bounds: {
      payload: bound('MAX_PAYLOAD', 'payload'),
      topics: bound('MAX_TOPICS', 'topics'),
      memory: read(
        'MAX_MEMORY',
        text => parseBytes(text, LEAST_MEMORY, LARGEST_BOUNDS.memory),
        DEFAULT_BOUNDS.memory,
      ),
      topicLength: bound('MAX_TOPIC_LENGTH', 'topicLength'),
      levels: bound('MAX_LEVELS', 'levels'),
    },
    log: {
      level: read('LOG_LEVEL', parseLogLevel, 'info'),
      format: read('LOG_FORMAT', parseLogFormat, 'text'),
    },
  };
}
