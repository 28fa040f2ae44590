/** The status server: one `HttpConfig` of several settings, since who may ask depends on where it listens. */

import type { HttpConfig } from './config.ts';
import type { Environment } from './environment.ts';
import { HTTP_SETTINGS } from './http-settings.ts';
import { type Problems, show } from './problems.ts';
import { readSetting, readText } from './read-setting.ts';
import type { ReadFile } from './text-file.ts';
import { fileVariableName, variableName } from './variables.ts';

const TOKEN = variableName(HTTP_SETTINGS.token);
const TOKEN_FILE = fileVariableName(HTTP_SETTINGS.token);

/** Undefined for no server. */
export function readHttp(
  environment: Environment,
  readFile: ReadFile,
  problems: Problems,
): HttpConfig | undefined {
  const entries = environment.process;
  const entry = entries.get(HTTP_SETTINGS.address.key);
  const address = readSetting(HTTP_SETTINGS.address, entries, problems);
  const showsPayloads = readSetting(HTTP_SETTINGS.showsPayloads, entries, problems);
  const allowsActions = readSetting(HTTP_SETTINGS.allowsActions, entries, problems) === true;
  const hosts = readSetting(HTTP_SETTINGS.hosts, entries, problems) ?? [];
  const token = readToken(environment, readFile, problems);
  if (address === 'off') return undefined;
  const { host, port } = address;
  if (entry !== undefined && token === undefined && !isLoopback(host)) {
    problems.error(entry.variable, {
      problem: `other machines can reach ${show(entry.value)}, and there is no token that they would have to show`,
      fix: `set ${TOKEN} (or ${TOKEN_FILE}), such as to what \`openssl rand -hex 16\` prints, or remove the host`,
    });
  }
  const actions = entries.get(HTTP_SETTINGS.allowsActions.key);
  if (allowsActions && actions !== undefined && token === undefined) {
    problems.error(actions.variable, {
      problem: 'actions need a token, and there is none that a client would have to show',
      fix: `set ${TOKEN} (or ${TOKEN_FILE}), such as to what \`openssl rand -hex 16\` prints, or remove ${actions.variable}`,
    });
  }
  return {
    host,
    port,
    address: entry === undefined ? 'default' : 'chosen',
    token: token === 'wrong' ? undefined : token?.value,
    hosts,
    hidesPayloads: !(showsPayloads ?? isLoopback(host)),
    allowsActions,
  };
}

/** Undefined if there is none. `wrong` if there is one with an error, which is recorded. */
export function readToken(
  { process }: Environment,
  readFile: ReadFile,
  problems: Problems,
): { readonly value: string } | undefined | 'wrong' {
  const text = readText(HTTP_SETTINGS.token, process, readFile, problems);
  if (text === undefined || text === 'wrong') return text;
  const read = problems.take(text.variable, HTTP_SETTINGS.token.parse(text.value));
  return read?.value === undefined ? 'wrong' : { value: read.value };
}

/** Whether only this machine can reach the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
