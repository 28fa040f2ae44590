/**
 * The brokers: `MQTTREP_CLIENT_{name}` with its `MQTTREP_CONFIG_{name}`, inline or in a file, and what can
 * be wrong between two of them.
 */

import { MAX_BROKERS } from '../core/policy.ts';
import { type BrokerOptions, DEFAULT_OPTIONS, parseBrokerOptions } from './broker-options.ts';
import { endpoint, parseBrokerUrl, schemeOf } from './broker-url.ts';
import { withClientId } from './client-id.ts';
import type { BrokerConfig } from './config.ts';
import type { Entry, Environment } from './environment.ts';
import { maskUrl } from './mask.ts';
import { nearest } from './nearest.ts';
import { byName, type Problems } from './problems.ts';
import { type ReadFile, readTextFile } from './text-file.ts';
import { withTlsFiles } from './tls-files.ts';
import { type BrokerKey, brokerVariableName } from './variables.ts';

export interface ReadBrokers {
  /** Every name that has an `MQTTREP_CLIENT_{name}`, sorted; also of those whose url or options are wrong. */
  readonly names: readonly string[];
  /** Those that are all right, in the same order. */
  readonly brokers: readonly BrokerConfig[];
}

type BrokerEntries = ReadonlyMap<BrokerKey, Entry>;

/** Reads all brokers. */
export function readBrokers(environment: Environment, readFile: ReadFile, problems: Problems): ReadBrokers {
  const all = [...environment.brokers].sort(([a], [b]) => byName(a, b));
  const names = all.filter(([, entries]) => entries.has('CLIENT')).map(([name]) => name);
  const brokers: BrokerConfig[] = [];
  for (const [name, entries] of all) {
    const broker = readBroker(name, entries, readFile, problems);
    if (broker !== undefined) brokers.push(broker);
    if (!entries.has('CLIENT')) blameOrphans(name, entries, names, problems);
  }
  judgeNumber(names, problems);
  judgeTwins(brokers, problems);
  return { names, brokers };
}

function readBroker(
  name: string,
  entries: BrokerEntries,
  readFile: ReadFile,
  problems: Problems,
): BrokerConfig | undefined {
  const client = entries.get('CLIENT');
  const url = client && problems.take(client.variable, parseBrokerUrl(client.value));
  const options = readOptions(entries, readFile, problems);
  if (client === undefined || options === undefined) return undefined;
  const scheme = url === undefined ? undefined : schemeOf(url, options.options);
  const secured = withTlsFiles(options.options, scheme, readFile);
  const config = entries.get('CONFIG') ?? entries.get('CONFIG_FILE');
  for (const fault of secured.faults) problems.error((config ?? client).variable, fault);
  if (url === undefined) return undefined;
  return {
    name,
    url,
    ...options,
    options: withClientId(client, url, secured.options, problems),
  };
}

/** Undefined where there is an error; the defaults where nothing is configured. */
function readOptions(
  entries: BrokerEntries,
  readFile: ReadFile,
  problems: Problems,
): BrokerOptions | undefined {
  const inline = entries.get('CONFIG');
  const file = entries.get('CONFIG_FILE');
  if (inline !== undefined && file !== undefined) {
    problems.error(file.variable, {
      problem: `it is set together with ${inline.variable}`,
      fix: 'keep one of the two',
    });
  }
  const entry = inline ?? file;
  if (entry === undefined) return DEFAULT_OPTIONS;
  const json = entry === file ? contentOf(file, readFile, problems) : entry.value;
  if (json === undefined) return undefined;
  const parsed = parseBrokerOptions(json);
  if ('errors' in parsed) {
    for (const fault of parsed.errors) problems.error(entry.variable, fault);
    return undefined;
  }
  for (const fault of parsed.warnings) problems.warn(entry.variable, fault);
  return parsed.value;
}

function contentOf(
  { variable, value: path }: Entry,
  readFile: ReadFile,
  problems: Problems,
): string | undefined {
  if (path.includes('{')) {
    problems.error(variable, {
      problem: 'the value looks like the JSON itself, not like a path',
      fix: `write the path of a file, or move the JSON to ${variable.replace(/_FILE$/, '')}`,
    });
    return undefined;
  }
  return problems.take(variable, readTextFile(path, readFile, 'a JSON object'));
}

function blameOrphans(
  name: string,
  entries: BrokerEntries,
  names: readonly string[],
  problems: Problems,
): void {
  const client = brokerVariableName('CLIENT', name);
  const meant = nearest(name, names);
  for (const [key, { variable }] of entries) {
    const hint = meant === undefined ? '' : `; did you mean ${brokerVariableName(key, meant)}?`;
    problems.error(variable, {
      problem: `there is no ${client} that it could belong to`,
      fix: `set ${client}, or remove this one${hint}`,
    });
  }
}

function judgeNumber(names: readonly string[], problems: Problems): void {
  const [only] = names;
  const surplus = names[MAX_BROKERS];
  if (only === undefined) {
    problems.error(brokerVariableName('CLIENT', '{name}'), {
      problem: 'no broker is configured',
      fix: 'set one such variable for each broker, such as MQTTREP_CLIENT_oslo=mqtt://localhost:1883',
    });
  } else if (names.length === 1) {
    problems.warn(brokerVariableName('CLIENT', only), {
      problem: 'it is the only broker, so there is nothing to replicate to',
      fix: 'set an MQTTREP_CLIENT_{name} for another broker',
    });
  } else if (surplus !== undefined) {
    problems.error(brokerVariableName('CLIENT', surplus), {
      problem: `${names.length} brokers are configured, more than the ${MAX_BROKERS} that one process serves`,
      fix: 'run several mqttrep, with one broker in common',
    });
  }
}

/** One broker under two names is no replication; under one client id each connection throws the other out. */
function judgeTwins(brokers: readonly BrokerConfig[], problems: Problems): void {
  for (const [index, broker] of brokers.entries()) {
    const address = endpoint(broker.url, broker.options);
    const twins = brokers.slice(0, index).filter(other => endpoint(other.url, other.options) === address);
    const { clientId } = broker.options;
    const double = twins.find(other => clientId !== undefined && other.options.clientId === clientId);
    const variable = brokerVariableName('CLIENT', broker.name);
    if (double !== undefined) {
      problems.error(variable, {
        problem: `${maskUrl(broker.url)} is the broker of ${brokerVariableName('CLIENT', double.name)} too, under the same client id`,
        fix: 'correct the url, or remove one of the two',
      });
    } else if (twins[0] !== undefined) {
      problems.warn(variable, {
        problem: `${maskUrl(broker.url)} is the broker of ${brokerVariableName('CLIENT', twins[0].name)} too, so it is replicated with itself`,
        fix: 'correct the url, or remove one of the two',
      });
    }
  }
}
