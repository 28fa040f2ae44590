/**
 * User name, password and certificates that come from files, or from a command. They are read at each connect, so that a new value
 * holds from the next connection on, without a restart. With an `authenticationMethod` (MQTT 5) the password goes to its data.
 *
 * No error repeats what was read.
 */

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { quoted } from '../../core/printable.ts';
import { ConnectError, SECRET_CODES } from '../network/connect-error.ts';

type Options = Readonly<Record<string, unknown>>;

/** Each option that names a file, and the option of MQTT.js that its content becomes. */
const FILES = {
  usernameFile: 'username',
  passwordFile: 'password',
  caFile: 'ca',
  certFile: 'cert',
  keyFile: 'key',
} as const;

const COMMAND_TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
/** A larger file is none of these. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Who writes a file in its place empties it first. */
const MAX_READS = 5;
const REWRITE_MS = 100;

/** Whether the password comes from a file or a command, so that another one may be read later. */
export function isRereadable(options: Options): boolean {
  return 'passwordFile' in options || 'passwordCommand' in options;
}

/** The name of the option that the password, or the token in its place, comes from. */
export function secretOption(options: Options): string {
  const named = ['passwordFile', 'passwordCommand', 'password'].find(name => name in options);
  return named ?? 'properties.authenticationData';
}

/** The password that CONNECT has, or the data of its authentication method. */
export function secretIn({ password, properties }: Options): string | undefined {
  const data = (properties as Options | undefined)?.['authenticationData'];
  const secret = data ?? password;
  return secret === undefined ? undefined : String(secret);
}

/** Whether some of the options come from a file or a command. */
export function hasSecrets(options: Options): boolean {
  return [...Object.keys(FILES), 'passwordCommand'].some(name => name in options);
}

/**
 * The options with what the files contain and what the command prints.
 * @throws ConnectError if one of them gives nothing
 */
export async function withSecrets(options: Options, signal?: AbortSignal): Promise<Options> {
  const found: Record<string, unknown> = {};
  for (const [name, replaced] of Object.entries(FILES)) {
    const path = options[name];
    if (typeof path !== 'string') continue;
    const text = await textOf(name, path);
    found[replaced] = replaced === 'username' || replaced === 'password' ? text.replace(/\r?\n$/, '') : text;
  }
  const command = options['passwordCommand'];
  if (typeof command === 'string') found['password'] = await outputOf('passwordCommand', command, signal);
  return withAuthentication({ ...options, ...found }, found['password']);
}

/** A method without data gets the secret as data, in place of a password. */
function withAuthentication(options: Options, secret: unknown): Options {
  const properties = options['properties'] as Options | undefined;
  if (typeof secret !== 'string' || properties?.['authenticationMethod'] === undefined) return options;
  if (properties['authenticationData'] !== undefined) return options;
  const { password: _password, ...others } = options;
  return { ...others, properties: { ...properties, authenticationData: Buffer.from(secret) } };
}

/**
 * The text of a file.
 * @param name of the option, for errors
 */
export async function textOf(name: string, path: string): Promise<string> {
  const wrong = (problem: string) =>
    failure(`\`${name}\`: the file ${quoted(path)} ${problem}`, SECRET_CODES.file);
  for (let reads = 1; ; reads++) {
    let text: string;
    try {
      text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
    } catch (error) {
      throw wrong(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    }
    if (text.length > MAX_FILE_BYTES) throw wrong(`is longer than ${MAX_FILE_BYTES} bytes`);
    if (text.trim() !== '') return text;
    if (reads === MAX_READS) throw wrong('is empty');
    await setTimeout(REWRITE_MS);
  }
}

/**
 * What the command prints, without the line break at its end. The command and all that it started end within the limit.
 * @param name of the option, for errors
 */
export function outputOf(name: string, command: string, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', command], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (problem: string) => {
      kill(child.pid);
      settle(() => reject(failure(`\`${name}\` ${problem}`, SECRET_CODES.command)));
    };
    const limit = globalThis.setTimeout(
      () => end(`did not end within ${COMMAND_TIMEOUT_MS / 1000} s`),
      COMMAND_TIMEOUT_MS,
    );
    const abort = () => end('was ended');
    const settle = (how: () => void) => {
      clearTimeout(limit);
      signal?.removeEventListener('abort', abort);
      how();
    };
    signal?.addEventListener('abort', abort);
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > MAX_OUTPUT_BYTES) end(`printed more than ${MAX_OUTPUT_BYTES} bytes`);
    });
    child.once('error', error => end(`cannot be started (${error.message})`));
    child.once('close', (code, killedBy) => {
      const text = Buffer.concat(chunks)
        .toString()
        .replace(/\r?\n$/, '');
      if (code !== 0) end(`ended with ${code === null ? killedBy : `exit code ${code}`}`);
      else if (text === '') end('printed nothing');
      else settle(() => resolve(text));
    });
  });
}

/** Ends the shell and what it has started: they are a process group of their own. */
function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function failure(message: string, secretCode: string): ConnectError {
  return new ConnectError(message, { code: undefined, wasConnected: false }, secretCode);
}
