/**
 * From the environment to a `Config`, or to every problem at once. The only reader of the environment, and pure: the
 * caller passes in the function that reads files.
 */

import { hasEventFilter } from '../core/topic-mode.ts';
import { CONTROL_PREFIX } from '../protocol/control-topics.ts';
import { BROKER_SETTINGS } from './broker-settings.ts';
import { readBrokers } from './brokers.ts';
import { checkLimits } from './check-limits.ts';
import type { Config, ConfigResult, HttpConfig } from './config.ts';
import { sortEnvironment } from './environment.ts';
import { checkEventPlaces } from './event-topics.ts';
import { readHttp, readToken } from './http.ts';
import { type Problem, Problems } from './problems.ts';
import { PROCESS_SETTINGS } from './process-settings.ts';
import { readSetting } from './read-setting.ts';
import { checkRoutes, readRoutes } from './routes.ts';
import { mapSettings } from './setting.ts';
import { defaultStorePlace } from './store-place.ts';
import type { ReadFile } from './text-file.ts';
import { readTopics } from './topics.ts';
import { parseBrokerNames } from './values.ts';
import { variableName } from './variables.ts';

/**
 * Reads the configuration from environment variables `MQTTREP_…`.
 *
 * Never throws, whatever a user wrote. Problems come sorted by variable, and none shows a secret.
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
  const process = mapSettings(PROCESS_SETTINGS, setting =>
    readSetting(setting, environment.process, problems),
  );
  const controlTopic = process.controlTopic ?? CONTROL_PREFIX;
  const context = { brokers: names, controlTopic };
  const topics = readTopics(environment, context, problems);
  const { maps, exclusions } = readRoutes(environment, context, problems);
  const http = readHttp(environment, readFile, problems);
  const config: Config = {
    brokers,
    topics,
    maps,
    exclusions,
    ...process,
    store: process.store ?? defaultStorePlace(env),
    http,
  };
  if (config.stateTopics) checkStateTopics(config, problems);
  if (hasEventFilter(config.topics)) checkEventPlaces(config, problems);
  checkHomeAssistant(config, names, problems);
  checkRoutes(brokers, config, problems);
  checkLimits(brokers, config.topics, problems);
  const { errors, warnings } = problems;
  return errors.length === 0 ? { ok: true, config, warnings } : { ok: false, errors, warnings };
}

function checkStateTopics({ brokers, controlTopic }: Config, problems: Problems): void {
  const stateTopics = variableName(PROCESS_SETTINGS.stateTopics);
  if (controlTopic === undefined) {
    problems.error(stateTopics, {
      problem: `state topics need control topics, which ${variableName(PROCESS_SETTINGS.controlTopic)} turns off`,
      fix: 'remove one of the two',
    });
  }
  for (const { name } of brokers.filter(({ options }) => options['will'] !== undefined)) {
    problems.warn(variableName(BROKER_SETTINGS.options, name), {
      problem: 'it has a will of its own. State topics need the will, so mqttrep writes none at this broker',
      fix: `remove the will, or ${stateTopics}`,
    });
  }
}

function checkHomeAssistant(
  { homeAssistant, controlTopic, store }: Config,
  known: readonly string[],
  problems: Problems,
): void {
  if (homeAssistant === undefined || homeAssistant.length === 0) return;
  const variable = variableName(PROCESS_SETTINGS.homeAssistant);
  problems.take(variable, parseBrokerNames(homeAssistant.join(','), known));
  if (store.kind === 'memory') {
    problems.warn(variableName(PROCESS_SETTINGS.store), {
      problem:
        'with memory, each start of mqttrep is another device in Home Assistant, and the former one stays',
      fix: 'name a folder; mqttrep forget --all removes the former devices',
    });
  }
  if (controlTopic === undefined) {
    problems.error(variable, {
      problem: `Home Assistant reads control topics, which ${variableName(PROCESS_SETTINGS.controlTopic)} turns off`,
      fix: 'remove one of the two',
    });
  }
}

export interface HttpAccess {
  /** Undefined for no server. */
  readonly http: HttpConfig | undefined;
  /** Also read if there is no server: a caller can ask the server of another process. */
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
  const token = readToken(environment, readFile, new Problems());
  return { http, token: token === 'wrong' ? undefined : token?.value, errors: problems.errors };
}
