/**
 * The brokers: `MQTTREP_CLIENT_{name}` with its `MQTTREP_CONFIG_{name}`, inline or in a file, and what can be wrong
 * between two of them.
 */

import { MAX_BROKERS } from '../core/policy.ts';
import type { BrokerOptions } from './broker-options.ts';
import { BROKER_SETTINGS } from './broker-settings.ts';
import { endpoint, schemeOf } from './broker-url.ts';
import { withClientId } from './client-id.ts';
import type { BrokerConfig } from './config.ts';
import type { Entries, Environment } from './environment.ts';
import { maskUrl } from './mask.ts';
import { rejectOrphans } from './orphans.ts';
import { byName, type Problems } from './problems.ts';
import { readText } from './read-setting.ts';
import { secretFaults } from './secret-files.ts';
import { defaultOf } from './setting.ts';
import type { ReadFile } from './text-file.ts';
import { withTlsFiles } from './tls-files.ts';
import { variableName } from './variables.ts';

const { url: URL_SETTING, options: OPTIONS_SETTING } = BROKER_SETTINGS;

export const NO_BROKER = 'no broker is configured';

export interface ReadBrokers {
  /** Every name that has an `MQTTREP_CLIENT_{name}`, sorted; also of brokers whose URL or options are wrong. */
  readonly names: readonly string[];
  /** The brokers without an error, in the same order. */
  readonly brokers: readonly BrokerConfig[];
}

/** Reads all brokers. */
export function readBrokers(environment: Environment, readFile: ReadFile, problems: Problems): ReadBrokers {
  const all = [...environment.brokers].sort(([a], [b]) => byName(a, b));
  const names = all.filter(([, entries]) => entries.has(URL_SETTING.key)).map(([name]) => name);
  const brokers: BrokerConfig[] = [];
  for (const [name, entries] of all) {
    const broker = readBroker(name, entries, readFile, problems);
    if (broker !== undefined) brokers.push(broker);
    if (!names.includes(name)) rejectOrphans(URL_SETTING, name, entries, names, problems);
  }
  checkNumber(names, problems);
  checkTwins(brokers, problems);
  return { names, brokers };
}

function readBroker(
  name: string,
  entries: Entries,
  readFile: ReadFile,
  problems: Problems,
): BrokerConfig | undefined {
  const client = entries.get(URL_SETTING.key);
  const urls = client && problems.take(client.variable, URL_SETTING.parse(client.value))?.value;
  const [url, ...otherUrls] = urls ?? [];
  const config = readText(OPTIONS_SETTING, entries, readFile, problems);
  if (config === 'wrong') return undefined;
  const options: BrokerOptions | undefined =
    config === undefined
      ? defaultOf(OPTIONS_SETTING)
      : problems.take(config.variable, OPTIONS_SETTING.parse(config.value))?.value;
  if (client === undefined || options === undefined) return undefined;
  const scheme = url === undefined ? undefined : schemeOf(url, options.options);
  const secured = withTlsFiles(options.options, scheme, readFile);
  for (const fault of [...secured.faults, ...secretFaults(options.options, urls ?? [], readFile)]) {
    problems.error((config ?? client).variable, fault);
  }
  if (url === undefined) return undefined;
  return {
    name,
    url,
    ...(otherUrls.length === 0 ? {} : { otherUrls }),
    ...options,
    options: withClientId(client, url, secured.options, problems),
  };
}

function checkNumber(names: readonly string[], problems: Problems): void {
  const [only] = names;
  const surplus = names[MAX_BROKERS];
  if (only === undefined) {
    problems.error(variableName(URL_SETTING, '{name}'), {
      problem: NO_BROKER,
      fix: 'set one such variable for each broker, such as MQTTREP_CLIENT_oslo=mqtt://localhost:1883, by `export` in a shell or in a file for --env-file',
    });
  } else if (names.length === 1) {
    problems.warn(variableName(URL_SETTING, only), {
      problem: 'it is the only broker, so mqttrep has nothing to replicate to',
      fix: 'add another broker',
    });
  } else if (surplus !== undefined) {
    problems.error(variableName(URL_SETTING, surplus), {
      problem: `${names.length} brokers are configured, but one process serves at most ${MAX_BROKERS}`,
      fix: 'run several mqttrep processes, with one broker in common',
    });
  }
}

/**
 * One broker under two names is not replicated to another broker. If both names also have one client id, the broker
 * closes each connection when the other one connects.
 */
function checkTwins(brokers: readonly BrokerConfig[], problems: Problems): void {
  for (const [index, broker] of brokers.entries()) {
    const addresses = endpointsOf(broker);
    const twins = brokers
      .slice(0, index)
      .filter(other => endpointsOf(other).some(address => addresses.includes(address)));
    const { clientId } = broker.options;
    const double = twins.find(other => clientId !== undefined && other.options.clientId === clientId);
    const variable = variableName(URL_SETTING, broker.name);
    if (double !== undefined) {
      problems.error(variable, {
        problem: `${maskUrl(broker.url)} is also the URL of ${double.name}, with the same client id`,
        fix: 'correct the URL, or remove one of the two',
      });
    } else if (twins[0] !== undefined) {
      problems.warn(variable, {
        problem: `${maskUrl(broker.url)} is also the URL of ${twins[0].name}, so it would be replicated with itself`,
        fix: 'correct the URL, or remove one of the two',
      });
    }
  }
}

function endpointsOf({ url, otherUrls = [], options }: BrokerConfig): string[] {
  return [url, ...otherUrls].map(each => endpoint(each, options));
}
