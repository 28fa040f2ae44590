/** The status server: `MQTTREP_HTTP`, and who may read what it says. */

import type { HttpConfig } from './config.ts';
import type { Environment } from './environment.ts';
import { type Parsed, type Problems, show } from './problems.ts';
import { type ReadFile, readTextFile } from './text-file.ts';
import { parseBoolean } from './values.ts';

const DEFAULT_HTTP_PORT = 9280;

const LOOPBACK = '127.0.0.1';

/** Characters that a header carries as they are. */
const VISIBLE = /^[\x21-\x7e]+$/;

/** A token that is shorter can be guessed. */
const SHORT_TOKEN = 16;

type Address = 'off' | Pick<HttpConfig, 'host' | 'port'>;

/** Undefined for no server. */
export function readHttp(
  environment: Environment,
  readFile: ReadFile,
  problems: Problems,
): HttpConfig | undefined {
  const { process } = environment;
  const entry = process.get('HTTP');
  const address = entry && problems.take(entry.variable, parseHttpAddress(entry.value));
  const token = checkedToken(environment, readFile, problems);
  const payloads = process.get('HTTP_PAYLOADS');
  const showsPayloads = payloads && problems.take(payloads.variable, parseBoolean(payloads.value));
  if (address === 'off') return undefined;
  const { host, port } = address ?? { host: LOOPBACK, port: DEFAULT_HTTP_PORT };
  if (entry !== undefined && token === 'none' && !isLoopback(host)) {
    problems.error(entry.variable, {
      problem: `others can reach ${show(entry.value)}, and no token is set that they would have to know`,
      fix: 'set MQTTREP_HTTP_TOKEN (or MQTTREP_HTTP_TOKEN_FILE), such as to what `openssl rand -hex 16` prints, or name no host',
    });
  }
  return {
    host,
    port,
    address: entry === undefined ? 'default' : 'chosen',
    token: typeof token === 'string' ? undefined : token.text,
    hidesPayloads: !(showsPayloads ?? isLoopback(host)),
  };
}

/** Undefined where there is none that could be used. */
export function readToken(
  environment: Environment,
  readFile: ReadFile,
  problems: Problems,
): string | undefined {
  const token = checkedToken(environment, readFile, problems);
  return typeof token === 'string' ? undefined : token.text;
}

/** Whether only this machine can reach the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** `off`, a port, or a host and a port; a host with colons in brackets. */
function parseHttpAddress(text: string): Parsed<Address> {
  if (text.toLowerCase() === 'off') return { value: 'off' };
  const [, bracketed, plain, digits] =
    /^(?:(?:\[([0-9a-f:.%\w]+)\]|([\w.-]+)):)?(\d{1,5})$/i.exec(text) ?? [];
  const port = digits === undefined ? Number.NaN : Number(digits);
  if (port >= 0 && port <= 65_535) return { value: { host: bracketed ?? plain ?? LOOPBACK, port } };
  return {
    problem: `${show(text)} is no address to listen at`,
    fix: `write a port such as ${DEFAULT_HTTP_PORT}, a host and a port such as 0.0.0.0:${DEFAULT_HTTP_PORT}, or off`,
  };
}

/** `wrong`: there is one that cannot be used, which is said already; it is not missing as well. */
function checkedToken(
  { process }: Environment,
  readFile: ReadFile,
  problems: Problems,
): { readonly text: string } | 'none' | 'wrong' {
  const inline = process.get('HTTP_TOKEN');
  const file = process.get('HTTP_TOKEN_FILE');
  if (inline !== undefined && file !== undefined) {
    problems.error(file.variable, {
      problem: `it is set together with ${inline.variable}`,
      fix: 'keep one of the two',
    });
  }
  const entry = inline ?? file;
  if (entry === undefined) return 'none';
  const token =
    entry === file
      ? problems.take(file.variable, readTextFile(file.value, readFile, 'the token'))?.trim()
      : entry.value;
  if (token === undefined) return 'wrong';
  if (!VISIBLE.test(token)) {
    problems.error(entry.variable, {
      problem: 'the token holds blanks, or characters outside of ASCII',
      fix: 'write letters, digits and punctuation alone',
    });
  } else if (token.length < SHORT_TOKEN) {
    problems.warn(entry.variable, {
      problem: `the token has only ${token.length} characters, and may be guessed`,
      fix: `write ${SHORT_TOKEN} or more, such as what \`openssl rand -hex 16\` prints`,
    });
  }
  return { text: token };
}
