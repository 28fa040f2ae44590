/** What the texts of the settings of the status server mean. */

import { type Parsed, show } from './problems.ts';

export const DEFAULT_HTTP_PORT = 9280;

export const LOOPBACK = '127.0.0.1';

/** A shorter token can be guessed. */
export const MIN_TOKEN_CHARACTERS = 16;

/** Characters that an HTTP header carries unchanged. */
const VISIBLE = /^[\x21-\x7e]+$/;

export type ListenAddress = 'off' | { readonly host: string; readonly port: number };

/** `off`, a port, or a host and a port; a host with colons in brackets. */
export function parseHttpAddress(text: string): Parsed<ListenAddress> {
  if (text.toLowerCase() === 'off') return { value: 'off' };
  const [, bracketed, plain, digits] =
    /^(?:(?:\[([0-9a-f:.%\w]+)\]|([\w.-]+)):)?(\d{1,5})$/i.exec(text) ?? [];
  const port = digits === undefined ? Number.NaN : Number(digits);
  if (port >= 0 && port <= 65_535) return { value: { host: bracketed ?? plain ?? LOOPBACK, port } };
  return {
    problem: `${show(text)} is not an address to listen at`,
    fix: `write a port such as ${DEFAULT_HTTP_PORT}, a host and a port such as 0.0.0.0:${DEFAULT_HTTP_PORT}, or off`,
  };
}

/** Names as they stand in a Host header, without ports. */
export function parseHosts(text: string): Parsed<readonly string[]> {
  const hosts = text
    .split(',')
    .map(host => host.trim().toLowerCase())
    .filter(host => host !== '');
  const wrong = hosts.find(host => !/^[\w-]+(?:\.[\w-]+)*$/.test(host));
  if (wrong === undefined) return { value: hosts };
  return {
    problem: `${show(wrong)} is not the name of a host`,
    fix: 'write names without scheme, port and wildcards, such as mqttrep,mqttrep.default.svc',
  };
}

/** The address in a browser. An IPv6 address stands in brackets. */
export function httpUrl({ host, port }: { readonly host: string; readonly port: number }): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}

/** The text itself; it is a secret, so no problem repeats it. */
export function parseToken(text: string): Parsed<string> {
  if (!VISIBLE.test(text)) {
    return {
      problem: 'the token has blanks or non-ASCII characters',
      fix: 'write letters, digits and punctuation only',
    };
  }
  if (text.length >= MIN_TOKEN_CHARACTERS) return { value: text };
  const warning = {
    problem: `the token has only ${text.length} characters, and can be guessed`,
    fix: `write ${MIN_TOKEN_CHARACTERS} or more, such as what \`openssl rand -hex 16\` prints`,
  };
  return { value: text, warnings: [warning] };
}
