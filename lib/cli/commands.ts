/**
 * The one table of commands and options: the command line is parsed by it, and the help, the man page and the
 * completion of shells are made from it.
 */

interface OptionSpec {
  readonly type: 'boolean' | 'string';
  /** One letter. */
  readonly short?: string;
  /** What its value is, as in the help; `FILE` is completed as one. */
  readonly value?: string;
  readonly summary: string;
}

export const OPTIONS = {
  connect: { type: 'boolean', summary: 'try each broker as well' },
  'dry-run': { type: 'boolean', summary: 'decide, publish nothing' },
  'env-file': { type: 'string', value: 'FILE', summary: 'read environment variables from a file' },
  json: { type: 'boolean', summary: 'print JSON' },
  refuse: { type: 'boolean', summary: 'have the broker given the topics again' },
  seconds: { type: 'string', value: 'N', summary: 'end after so many seconds' },
  url: { type: 'string', value: 'URL', summary: 'where the running mqttrep is' },
  watch: { type: 'boolean', summary: 'ask every second' },
  help: { type: 'boolean', short: 'h', summary: 'say how it is used' },
  version: { type: 'boolean', short: 'V', summary: 'print the version' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type Option = keyof typeof OPTIONS;

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface CommandSpec {
  readonly summary: string;
  /** Besides --help. */
  readonly options: readonly Option[];
  /** One of these words has to follow. */
  readonly words?: readonly string[];
  /** What has to follow, as in the help. */
  readonly argument?: string;
}

export const COMMANDS = {
  run: { summary: "replicate until stopped (what 'mqttrep' alone does)", options: ['env-file', 'dry-run'] },
  check: {
    summary: 'say whether the configuration is valid, and with --connect what each broker does',
    options: ['env-file', 'connect', 'json'],
  },
  config: { summary: 'print the effective configuration, secrets masked', options: ['env-file', 'json'] },
  status: { summary: 'ask a running one how it is', options: ['env-file', 'url', 'watch', 'json'] },
  trash: {
    summary: 'print what was deleted or overwritten within the last hour',
    options: ['env-file', 'url', 'json'],
    argument: '[FILTER]',
  },
  undo: {
    summary: 'write again what was deleted or overwritten',
    options: ['env-file', 'url', 'json'],
    argument: 'FILTER',
  },
  'confirm-deletions': {
    summary: 'delete everywhere what is gone at a broker, or with --refuse nowhere',
    options: ['env-file', 'url', 'refuse'],
    argument: 'BROKER',
  },
  diff: { summary: 'say in which retained topics the brokers differ', options: ['env-file', 'json'] },
  demo: {
    summary: 'three brokers in this process, clients that write, a link that is cut and healed',
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

/** The commands in the order of the help, with what completes them. */
export function commandList(): readonly (CommandSpec & { readonly name: Command })[] {
  return Object.entries(COMMANDS).map(([name, spec]) => ({ name: name as Command, ...spec }));
}

export function optionSpec(option: Option): OptionSpec {
  return OPTIONS[option];
}
