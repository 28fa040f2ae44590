/** mqttrep(1), as roff: made from the table of commands, what `--help` prints, and the settings table. */

import { commandList } from './commands.ts';
import { HELP, SETTINGS_HEADING } from './help.ts';
import { SETTING_TEXTS } from './settings-text.ts';

/** @param version of the package */
export function manPage(version: string): string {
  return `${[
    `.TH MQTTREP 1 "" "mqttrep ${version}" "User Commands"`,
    ...section('NAME', String.raw`mqttrep \- multi\-master replication of MQTT brokers`),
    ...section('SYNOPSIS', ...synopsis()),
    ...section(
      'DESCRIPTION',
      ...prose(
        'mqttrep keeps the topics of several MQTT brokers, of any make, equal to each other. A client writes at the broker that it is connected to, and the write appears at all brokers. mqttrep needs only MQTT of a broker. Environment variables configure it.',
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
  end: 'Sends what is waiting and ends, within 8 seconds. A second signal ends mqttrep at once.',
  hangup:
    'Reads the configuration again and applies what has changed; connections stay open where possible. A configuration with errors is refused as a whole.',
};

const EXITS: readonly (readonly [string, string])[] = [
  ['0', 'Done, or stopped by a signal.'],
  ['1', 'Failure; also if a connected broker did not accept in time what was waiting for it.'],
  ['64', 'Wrong usage.'],
  ['69', 'A broker, or a running mqttrep, was not reached.'],
  ['78', 'The configuration is wrong, or the store is of another version.'],
];

function section(title: string, ...lines: readonly string[]): string[] {
  return [`.SH ${title}`, ...lines];
}

function synopsis(): string[] {
  const usages = commandList().map(({ name }) => /^Usage: (.*)$/m.exec(HELP[name])?.[1] ?? `mqttrep ${name}`);
  return ['.nf', ...usages.map(escaped), '.fi'];
}

/** What `--help` says of a command: prose, and examples unchanged. ENVIRONMENT has the settings. */
function command(name: string, help: string): string[] {
  const [aboutCommand = ''] = help.split(`\n${SETTINGS_HEADING}\n`);
  const [body = '', examples = ''] = aboutCommand.replace(/^Usage: .*\n+/, '').split(/^Examples?\n/m);
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
  return SETTING_TEXTS.flatMap(({ names, text }) => tagged(names, text));
}

function tagged(tag: string, text: string): string[] {
  return ['.TP', `.B ${escaped(tag)}`, ...prose(text)];
}

function prose(text: string): string[] {
  return text.split('\n').map(escaped);
}

/** For roff: a hyphen stays a hyphen that one can type, and no line is a request. */
function escaped(line: string): string {
  return line
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replace(/^([.'])/, String.raw`\&$1`);
}
