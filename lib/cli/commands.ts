/**
 * The table of commands and options: `main.ts` parses the command line by it, and the help, the man page and the
 * completion of shells are made from it.
 */

interface OptionSpec {
  readonly type: 'boolean' | 'string';
  /** One letter. */
  readonly short?: string;
  /** The name of its value in the help. Shells complete `FILE` as a file. */
  readonly value?: string;
  /** It can be given several times. */
  readonly multiple?: true;
  readonly summary: string;
}

export const OPTIONS = {
  all: { type: 'boolean', summary: 'also what other mqttreps have left' },
  broker: { type: 'string', value: 'NAME=URL', multiple: true, summary: 'a broker; can be repeated' },
  config: { type: 'string', value: 'FILE', summary: 'read settings from a YAML file' },
  connect: { type: 'boolean', summary: 'also test each broker' },
  'dry-run': { type: 'boolean', summary: 'decide, publish nothing' },
  'env-file': { type: 'string', value: 'FILE', summary: 'read environment variables from a file' },
  from: { type: 'string', value: 'BROKER', summary: 'the topic has its name at this broker' },
  json: { type: 'boolean', summary: 'print JSON' },
  limit: { type: 'string', value: 'N', summary: 'print at most N topics' },
  refuse: { type: 'boolean', summary: 'publish the topics to the broker again' },
  seconds: { type: 'string', value: 'N', summary: 'end after N seconds' },
  topic: { type: 'string', value: 'FILTER', multiple: true, summary: 'what to replicate; can be repeated' },
  url: { type: 'string', value: 'URL', summary: 'the address of the running mqttrep' },
  watch: { type: 'boolean', summary: 'ask every second' },
  'write-probe': { type: 'boolean', summary: 'with --connect: also write a message under each filter' },
  'watch-config': { type: 'boolean', summary: 'apply changes of the files by itself' },
  yaml: { type: 'boolean', summary: 'print a file for --config' },
  help: { type: 'boolean', short: 'h', summary: 'print how to use it' },
  version: { type: 'boolean', short: 'V', summary: 'print the version' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type Option = keyof typeof OPTIONS;

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface CommandSpec {
  readonly summary: string;
  /** Besides --help. */
  readonly options: readonly Option[];
  /** One of these words must follow. */
  readonly words?: readonly string[];
  /** The argument, as in the help. */
  readonly argument?: string;
}

/** Where the configuration of a command comes from, besides the environment. */
const CONFIGURED = ['config', 'env-file', 'broker', 'topic'] as const;

export const COMMANDS = {
  run: {
    summary: "replicate until stopped (what 'mqttrep' alone does)",
    options: [...CONFIGURED, 'watch-config', 'dry-run'],
  },
  init: { summary: 'ask for two brokers, try them, and write mqttrep.yaml', options: [], argument: '[FILE]' },
  check: {
    summary: 'check the configuration, and with --connect each broker',
    options: [...CONFIGURED, 'connect', 'write-probe', 'json'],
  },
  config: {
    summary: 'print the effective configuration, secrets masked',
    options: [...CONFIGURED, 'yaml', 'json'],
  },
  status: {
    summary: 'print the state of a running mqttrep',
    options: ['config', 'env-file', 'url', 'watch', 'json'],
  },
  trash: {
    summary: 'print what was deleted or overwritten within the last hour',
    options: ['config', 'env-file', 'url', 'json'],
    argument: '[FILTER]',
  },
  undo: {
    summary: 'write again what was deleted or overwritten',
    options: ['config', 'env-file', 'url', 'json'],
    argument: 'FILTER',
  },
  'confirm-deletions': {
    summary: 'confirm deletions that mqttrep holds, or with --refuse undo them',
    options: ['config', 'env-file', 'url', 'refuse'],
    argument: 'BROKER',
  },
  forget: {
    summary: 'remove what mqttrep has left at its brokers, or at one',
    options: [...CONFIGURED, 'all', 'json'],
    argument: '[BROKER]',
  },
  diff: {
    summary: 'print the retained topics in which the brokers differ',
    options: [...CONFIGURED, 'limit', 'json'],
  },
  route: {
    summary: 'print where a topic goes, under which names, and what decides it',
    options: [...CONFIGURED, 'from', 'json'],
    argument: 'TOPIC',
  },
  demo: {
    summary: 'run three brokers in this process, with clients, and cut and heal a link',
    options: ['seconds'],
  },
  completion: {
    summary: 'print a script that completes commands and options in a shell',
    options: [],
    words: SHELLS,
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type Command = keyof typeof COMMANDS;

/** What `mqttrep` without a command does. */
export const DEFAULT_COMMAND: Command = 'run';

/** The commands in the order of the help. */
export function commandList(): readonly (CommandSpec & { readonly name: Command })[] {
  return Object.entries(COMMANDS).map(([name, spec]) => ({ name: name as Command, ...spec }));
}

export function optionSpec(option: Option): OptionSpec {
  return OPTIONS[option];
}
