/** The command line: which command, with which options. Returns the exit code. */

import { parseArgs } from 'node:util';
import { packageVersion } from '../package-version.ts';
import { EXIT } from './exit-codes.ts';
import { HELP } from './help.ts';

const OPTIONS = {
  connect: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  'env-file': { type: 'string' },
  json: { type: 'boolean' },
  seconds: { type: 'string' },
  url: { type: 'string' },
  watch: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const;

type Option = keyof typeof OPTIONS;

/** What each command understands, besides --help. */
const COMMANDS: Readonly<Record<string, readonly Option[]>> = {
  run: ['env-file', 'dry-run'],
  check: ['env-file', 'connect', 'json'],
  config: ['env-file', 'json'],
  diff: ['env-file', 'json'],
  status: ['env-file', 'url', 'watch', 'json'],
  demo: ['seconds'],
};

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
  const [command = 'run', ...rest] = positionals;
  const understood = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (understood === undefined) return wrongUsage(`there is no command '${command}'`);
  if (values.help === true) {
    process.stdout.write(positionals.length === 0 ? HELP.mqttrep : HELP[command as keyof typeof HELP]);
    return EXIT.ok;
  }
  if (rest.length > 0) return wrongUsage(`'${rest[0]}' is one word too many`);
  for (const option of Object.keys(values) as Option[]) {
    if (!understood.includes(option)) return wrongUsage(`'mqttrep ${command}' has no option --${option}`);
  }
  // Imported when needed: what a command does not use costs it no memory.
  const envFile = values['env-file'];
  const format = values.json === true ? 'json' : 'text';
  switch (command) {
    case 'run':
      return (await import('./run.ts')).run(envFile, values['dry-run'] === true ? 'rehearse' : 'replicate');
    case 'check':
      return values.connect === true
        ? (await import('./check-connect.ts')).checkConnect(envFile, format)
        : (await import('./check.ts')).check(envFile, format);
    case 'config':
      return (await import('./show-config.ts')).showConfig(envFile, format);
    case 'diff':
      return (await import('./diff.ts')).diff(envFile, format);
    case 'status':
      return (await import('./status.ts')).status({
        envFile,
        url: values.url,
        format,
        looks: values.watch === true ? 'watch' : 'once',
      });
    default:
      return demo(values.seconds);
  }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
}

async function demo(seconds: string | undefined): Promise<number> {
  const limit = seconds === undefined ? undefined : Number(seconds);
  if (limit !== undefined && !(limit > 0 && limit <= 86_400)) {
    return wrongUsage(`--seconds '${seconds}' is not a number from 1 to 86400`);
  }
  return (await import('../demo/demo.ts')).demo(limit);
}

function wrongUsage(problem: string): number {
  process.stderr.write(`mqttrep: ${problem}\nSee 'mqttrep --help'.\n`);
  return EXIT.usage;
}
