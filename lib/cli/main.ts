/** The command line: which command, with which options. Returns the exit code. */

import { parseArgs } from 'node:util';
import { packageVersion } from '../package-version.ts';
import { COMMANDS, type Command, DEFAULT_COMMAND, OPTIONS, type Option, SHELLS } from './commands.ts';
import type { ConfirmOptions } from './confirm-deletions.ts';
import { EXIT } from './exit-codes.ts';
import type { Source } from './load-config.ts';
import { sourceOf } from './source.ts';

export async function main(args: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return wrongUsage((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.version === true) {
    process.stdout.write(`${packageVersion()}\n`);
    return EXIT.ok;
  }
  const [command = DEFAULT_COMMAND, ...rest] = positionals;
  if (!isCommand(command)) return wrongUsage(`there is no command '${command}'`);
  if (values.help === true) {
    const { HELP } = await import('./help.ts');
    process.stdout.write(positionals.length === 0 ? HELP.mqttrep : HELP[command]);
    return EXIT.ok;
  }
  const understood: readonly Option[] = COMMANDS[command].options;
  const takesWord = 'words' in COMMANDS[command] || 'argument' in COMMANDS[command];
  const [surplus] = rest.slice(takesWord ? 1 : 0);
  if (surplus !== undefined) return wrongUsage(`'${surplus}' is one argument too many`);
  for (const option of Object.keys(values) as Option[]) {
    if (!understood.includes(option)) return wrongUsage(`'mqttrep ${command}' has no option --${option}`);
  }
  // Each command imports only its own modules: what it does not use costs it no memory.
  const source = sourceOf(values);
  if (typeof source === 'string') return wrongUsage(source);
  const format = values.json === true ? 'json' : 'text';
  switch (command) {
    case 'run':
      if (values['watch-config'] === true && (source.configFile ?? source.envFile) === undefined)
        return wrongUsage('--watch-config needs --config or --env-file');
      return (await import('./run.ts')).run(source, {
        mode: values['dry-run'] === true ? 'dry-run' : 'replicate',
        watchesFiles: values['watch-config'] === true,
      });
    case 'init':
      return (await import('./init.ts')).init(rest[0]);
    case 'check':
      return check(values, source, format);
    case 'config':
      return (await import('./show-config.ts')).showConfig(source, values.yaml === true ? 'yaml' : format);
    case 'diff':
      return diff(values.limit, source, format);
    case 'status':
      return (await import('./status.ts')).status({
        source,
        url: values.url,
        format,
        repeat: values.watch === true ? 'watch' : 'once',
      });
    case 'trash':
      return (await import('./trash.ts')).trash({ filter: rest[0] ?? '', source, url: values.url, format });
    case 'undo':
      if (rest[0] === undefined) return wrongUsage("'mqttrep undo' needs a topic or a topic filter");
      return (await import('./trash.ts')).undo({ filter: rest[0], source, url: values.url, format });
    case 'confirm-deletions':
      return confirmDeletions(rest[0], { source, url: values.url, refuses: values.refuse === true });
    case 'route':
      if (rest[0] === undefined) return wrongUsage("'mqttrep route' needs a topic");
      return (await import('./route.ts')).route({ topic: rest[0], from: values.from, source, format });
    case 'forget':
      return (await import('./forget.ts')).forget({
        broker: rest[0],
        whose: values.all === true ? 'all' : 'own',
        source,
        format,
      });
    case 'demo':
      return demo(values.seconds);
    case 'completion':
      return completion(rest[0]);
  }
}

function isCommand(word: string): word is Command {
  return Object.hasOwn(COMMANDS, word);
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
}

async function diff(text: string | undefined, source: Source, format: 'text' | 'json'): Promise<number> {
  const limit = text === undefined ? undefined : Number(text);
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 0))
    return wrongUsage(`--limit '${text}' is not a whole number`);
  return (await import('./diff.ts')).diff({ source, format, limit });
}

async function check(
  values: ReturnType<typeof parse>['values'],
  source: Source,
  format: 'text' | 'json',
): Promise<number> {
  const isProbing = values['write-probe'] === true;
  if (values.connect === true) {
    const { checkConnect } = await import('./check-connect.ts');
    return checkConnect({ source, format, writes: isProbing ? 'tested' : 'not tested' });
  }
  if (isProbing) return wrongUsage('--write-probe needs --connect');
  return (await import('./check.ts')).check(source, format);
}

async function confirmDeletions(
  broker: string | undefined,
  options: Omit<ConfirmOptions, 'broker'>,
): Promise<number> {
  if (broker === undefined) return wrongUsage("'mqttrep confirm-deletions' needs the name of a broker");
  return (await import('./confirm-deletions.ts')).confirmDeletions({ broker, ...options });
}

async function demo(seconds: string | undefined): Promise<number> {
  const limit = seconds === undefined ? undefined : Number(seconds);
  if (limit !== undefined && !(limit > 0 && limit <= 86_400)) {
    return wrongUsage(`--seconds '${seconds}' is not a number from 1 to 86400`);
  }
  return (await import('../demo/demo.ts')).demo(limit);
}

async function completion(word: string | undefined): Promise<number> {
  const shell = SHELLS.find(known => known === word);
  if (shell !== undefined) return (await import('./completion.ts')).completion(shell);
  const choice = SHELLS.join(', ');
  return wrongUsage(
    word === undefined
      ? `'mqttrep completion' needs a shell: ${choice}`
      : `there is no completion for '${word}', only for ${choice}`,
  );
}

function wrongUsage(problem: string): number {
  process.stderr.write(`mqttrep: ${problem}\nSee 'mqttrep --help'.\n`);
  return EXIT.usage;
}
