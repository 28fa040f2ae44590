/**
 * mqttrep(1), as roff: made from the table of commands, what `--help` prints, and the lists of variables, so that it
 * lacks none of them.
 */

import {
  BROKER_KEYS,
  type BrokerKey,
  PROCESS_KEYS,
  type ProcessKey,
  TOPIC_KEYS,
  type TopicKey,
} from '../config/variables.ts';
import { commandList } from './commands.ts';
import { HELP } from './help.ts';

const BROKER_VARIABLES: Readonly<Record<Exclude<BrokerKey, 'CONFIG_FILE'>, string>> = {
  CLIENT: 'A broker: its URL, with the scheme mqtt, mqtts, ws or wss.',
  CONFIG:
    'A JSON object of connection options, such as {"username":"rep"}. With _FILE at the end of the name, a file that holds it.',
};

const TOPIC_VARIABLES: Readonly<Record<TopicKey, string>> = {
  TOPIC: 'What to replicate: a topic filter.',
  TTL: 'Seconds after which a quiet topic is erased everywhere; 0, the default, for ever.',
  RETAIN: 'true: every message is published retained. Otherwise as it was published.',
  REPEAT: 'true: a retained message that equals the one before is passed on too, the newest at a tick.',
  QOS: 'Quality of service, 0, 1 or 2; default 1.',
  NOSUB: 'true: settings only, the filter is not subscribed to.',
  MERGE: 'How the winner of two values is chosen, such as json:serial; default arrival.',
  SUBSCRIBE_WHITELIST: 'Names of the brokers that subscribe, comma separated.',
  SUBSCRIBE_BLACKLIST: 'Names of the brokers that do not.',
  PUBLISH_WHITELIST: 'Names of the brokers that may be published to.',
  PUBLISH_BLACKLIST: 'Names of the brokers that may not.',
};

const PROCESS_VARIABLES: Readonly<Record<ProcessKey, string>> = {
  MERGE_FREQUENCY: 'Hz; default 1. How often the reconciled state is sampled and sent.',
  STORE: 'A folder, or memory. Where the state is kept.',
  CONTROL_TOPIC:
    'Under which topic mqttrep leaves messages of its own at each broker, or off; default mqttrep.',
  STATE_TOPICS:
    'true: CONTROL/status and CONTROL/connection/BROKER say at each broker, retained, how mqttrep is.',
  SCAN_PERIOD: 'Seconds, or off; default 600. Within which every topic is looked at again at each broker.',
  MAX_DRIFT: 'Seconds; default 60. How far the clock of another replicator may be ahead.',
  DELETION_GUARD:
    'Topics and percent, or off; default 10,5%. More deletions at a broker that nobody heard, while it was away, wait until a person confirms them.',
  HTTP: '[host:]port or off; default 127.0.0.1:9280. The status server.',
  HTTP_TOKEN: 'What a client must show where the status server listens beyond loopback.',
  HTTP_TOKEN_FILE: 'A file that holds it.',
  HTTP_PAYLOADS: 'true: payloads are shown beyond loopback, too.',
  MAX_PAYLOAD: 'Bytes of a payload at most.',
  MAX_TOPICS: 'Topics at most.',
  MAX_MEMORY: 'Bytes of topics kept at most, such as 512M; default: half of the heap that Node.js allows.',
  MAX_TOPIC_LENGTH: 'Bytes of a topic name at most.',
  MAX_LEVELS: 'Levels of a topic name at most.',
  LOG_LEVEL: 'error, warn, info or debug; default info.',
  LOG_FORMAT: 'text or json; default text.',
};

/** @param version of the package */
export function manPage(version: string): string {
  return `${[
    `.TH MQTTREP 1 "" "mqttrep ${version}" "User Commands"`,
    ...section('NAME', String.raw`mqttrep \- multi\-master replication of MQTT brokers`),
    ...section('SYNOPSIS', ...synopsis()),
    ...section(
      'DESCRIPTION',
      ...prose(
        'mqttrep keeps the topics of several MQTT brokers, of any make, equal to each other: clients write wherever they are connected, and the write appears everywhere. It needs nothing of a broker but MQTT, and is configured by environment variables.',
      ),
    ),
    ...section('COMMANDS', ...commandList().flatMap(({ name }) => command(name, HELP[name]))),
    ...section('OPTIONS', ...optionLines()),
    ...section('ENVIRONMENT', ...variables()),
    ...section('SIGNALS', ...tagged('SIGINT, SIGTERM', SIGNALS.end), ...tagged('SIGHUP', SIGNALS.hangup)),
    ...section('EXIT STATUS', ...EXITS.flatMap(([code, meaning]) => tagged(code, meaning))),
    ...section('SEE ALSO', ...prose('mosquitto(8), mosquitto_sub(1), systemd-notify(1)')),
  ].join('\n')}\n`;
}

const SIGNALS = {
  end: 'Sends what is waiting and ends, within 8 seconds; a second one ends it at once.',
  hangup:
    'Reads the configuration again, and applies what has changed while connections stand. One with errors is refused whole.',
};

const EXITS: readonly (readonly [string, string])[] = [
  ['0', 'Done, or stopped as told.'],
  ['1', 'Failure; also where a connected broker did not take what waited for it in time.'],
  ['64', 'Wrong usage.'],
  ['69', 'A broker, or mqttrep, was not reached.'],
  ['78', 'The configuration is wrong, or the store is not of this version.'],
];

function section(title: string, ...lines: readonly string[]): string[] {
  return [`.SH ${title}`, ...lines];
}

function synopsis(): string[] {
  const usages = commandList().map(({ name }) => /^Usage: (.*)$/m.exec(HELP[name])?.[1] ?? `mqttrep ${name}`);
  return ['.nf', ...usages.map(escaped), '.fi'];
}

/** What `--help` says of a command: prose, and examples as they stand. */
function command(name: string, help: string): string[] {
  const [body = '', examples = ''] = help.replace(/^Usage: .*\n+/, '').split(/^Examples?\n/m);
  const paragraphs = body.trim().split(/\n{2,}/);
  return [
    `.SS ${name}`,
    ...paragraphs.flatMap((paragraph, index) => [...(index > 0 ? ['.PP'] : []), ...prose(paragraph)]),
    '.PP',
    '.RS',
    '.nf',
    ...examples
      .trimEnd()
      .split('\n')
      .map(line => escaped(line.replace(/^ {2}/, ''))),
    '.fi',
    '.RE',
  ];
}

function optionLines(): string[] {
  const lines = /^Options\n((?: {2}.*\n)+)/m.exec(HELP.mqttrep)?.[1]?.trimEnd().split('\n') ?? [];
  return lines.flatMap(line => {
    const [name = '', meaning = ''] = line.trim().split(/ {2,}/);
    return tagged(name, meaning);
  });
}

function variables(): string[] {
  return [
    ...BROKER_KEYS.flatMap(key => tagged(`MQTTREP_${key}_{name}`, BROKER_VARIABLES[key])),
    ...TOPIC_KEYS.flatMap(key => tagged(`MQTTREP_${key}_{id}`, TOPIC_VARIABLES[key])),
    ...PROCESS_KEYS.flatMap(key => tagged(`MQTTREP_${key}`, PROCESS_VARIABLES[key])),
  ];
}

function tagged(tag: string, text: string): string[] {
  return ['.TP', `.B ${escaped(tag)}`, ...prose(text)];
}

function prose(text: string): string[] {
  return text.split('\n').map(escaped);
}

/** As it stands: a hyphen is one to be typed, and no line is a request. */
function escaped(line: string): string {
  return line
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replace(/^([.'])/, String.raw`\&$1`);
}
