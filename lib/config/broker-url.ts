/**
 * The url of a broker: whether MQTT.js can connect to it, and what it contains besides the address. MQTT.js reads urls
 * with the old parser of Node.js, which throws on some and guesses at others; this module refuses both.
 */

import { MASK, maskUrl } from './mask.ts';
import { nearest } from './nearest.ts';
import type { Faults, Parsed } from './problems.ts';

const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ['mqtt', '1883'],
  ['mqtts', '8883'],
  ['ws', '80'],
  ['wss', '443'],
]);

/** Schemes of other software, and what MQTT.js calls them. */
const OUR_SCHEMES: ReadonlyMap<string, string> = new Map([
  ['tcp', 'mqtt'],
  ['mqtt+tcp', 'mqtt'],
  ['ssl', 'mqtts'],
  ['tls', 'mqtts'],
  ['mqtt+ssl', 'mqtts'],
  ['mqtt+tls', 'mqtts'],
  ['http', 'ws'],
  ['mqtt+ws', 'ws'],
  ['https', 'wss'],
  ['mqtt+wss', 'wss'],
]);

/** A name, an IPv4 address, or an IPv6 address in brackets. `URL` escapes other letters by `%`. */
const HOST = /^(?:[\w.%-]*|\[[0-9a-f:.]+\])$/i;

/** A blank or a comma before the scheme of another url; a password may have commas. */
const BETWEEN = /[\s,]+(?=[a-z][a-z0-9+.-]*:\/\/)/i;

/** The urls of one broker, in the order in which they are tried. */
export function parseBrokerUrls(text: string): Parsed<readonly string[]> | Faults {
  const parsed = text.split(BETWEEN).map(parseBrokerUrl);
  const faults = parsed.flatMap(each => ('value' in each ? [] : [each]));
  if (faults.length > 0) return { faults };
  const urls = parsed.flatMap(each => ('value' in each ? [each.value] : []));
  return { value: [...new Set(urls)] };
}

/** The url unchanged, if it has a scheme that MQTT.js supports and a host, and all parsers read it alike. */
export function parseBrokerUrl(text: string): Parsed<string> {
  if (text === '') {
    return { problem: 'it is empty', fix: 'write the url of the broker, such as mqtt://localhost:1883' };
  }
  const shown = maskUrl(text);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const example = shown.startsWith(MASK) ? 'mqtt://localhost:1883' : `mqtt://${shown}`;
    return {
      problem: `${shown} does not begin with mqtt://, mqtts://, ws:// or wss://`,
      fix: `write a whole url, such as ${example}`,
    };
  }
  if (!DEFAULT_PORTS.has(scheme)) {
    const ours = OUR_SCHEMES.get(scheme) ?? nearest(scheme, DEFAULT_PORTS.keys());
    return {
      problem: `the scheme of ${shown} is not mqtt, mqtts, ws or wss`,
      fix: ours === undefined ? 'begin it with mqtt:// or mqtts://' : `begin it with ${ours}:// instead`,
    };
  }
  const url = /[\s\\\p{Cc}]/u.test(text) ? undefined : parse(text);
  if (url === undefined || ambiguous(url)) {
    return {
      problem: `${shown} cannot be read as a url`,
      fix: 'check the host and the port, and percent-encode `/`, `?`, `#`, `@`, `%`, `\\` and spaces in user name and password (`#` is %23)',
    };
  }
  if (url.hostname === '') {
    return {
      problem: `${shown} has no host`,
      fix: `write the host after ${scheme}://, such as ${scheme}://localhost`,
    };
  }
  return { value: text };
}

/** The client id in the query of a url. MQTT.js prefers it to the option `clientId`. */
export function clientIdOfUrl(url: string): string | undefined {
  const ids = parse(url)?.searchParams.getAll('clientId') ?? [];
  return ids.length === 1 && ids[0] !== '' ? ids[0] : undefined;
}

/** mqtt, mqtts, ws or wss: the scheme of the url, unless the option `protocol` replaces it. */
export function schemeOf(text: string, options: Readonly<Record<string, unknown>>): string {
  return String(options.protocol ?? parse(text)?.protocol ?? '')
    .replace(/:$/, '')
    .toLowerCase();
}

/** The host and port that MQTT.js connects to: options of the same name replace parts of the url. */
export function hostAndPort(
  text: string,
  options: Readonly<Record<string, unknown>>,
): { readonly host: string; readonly port: string } {
  const url = parse(text);
  const host = String(options.hostname ?? options.host ?? url?.hostname ?? '').toLowerCase();
  const port = String(options.port ?? (url?.port || DEFAULT_PORTS.get(schemeOf(text, options))));
  return { host, port };
}

/** The address that MQTT.js connects to, without credentials. Only for comparison with another one. */
export function endpoint(text: string, options: Readonly<Record<string, unknown>>): string {
  if (options.servers !== undefined) return JSON.stringify(options.servers);
  const url = parse(text);
  const scheme = schemeOf(text, options);
  const { host, port } = hostAndPort(text, options);
  const path = scheme.startsWith('ws') ? String(options.path ?? `${url?.pathname || '/'}${url?.search}`) : '';
  return JSON.stringify([scheme, host, port, path]);
}

/**
 * Whether two parsers could read it differently. An `@` after the host shows that the host is a part of an unescaped user
 * name or password.
 */
function ambiguous(url: URL): boolean {
  if (!HOST.test(url.hostname)) return true;
  if (`${url.pathname}${url.search}${url.hash}`.includes('@')) return true;
  try {
    decodeURIComponent(url.username);
    decodeURIComponent(url.password);
    return false;
  } catch {
    return true;
  }
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
