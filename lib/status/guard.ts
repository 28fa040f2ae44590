/**
 * Who may send requests. The data belong to the user, and other sites must neither read nor change them.
 *
 * - Without a token, the Host header must name this machine, or be listed in MQTTREP_HTTP_HOSTS. Otherwise a site that the
 *   user visits could resolve its own name to 127.0.0.1 and read the answers (DNS rebinding). An IP address cannot be
 *   resolved to another one. With a token the site learns nothing: it does not know the token.
 * - The guard refuses a request that a browser sends on behalf of another site.
 * - If a token is set, each request must show it: as a bearer token, or as the password that a browser asks for. Without
 *   a token, only this machine may change anything.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { hostname } from 'node:os';
import type { HttpConfig } from '../config/config.ts';
import { quoted } from '../core/printable.ts';

export interface Refusal {
  readonly status: 400 | 401 | 403 | 405 | 421;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * - `health`: the answer tells no more than whether mqttrep is well, and any Host will do: orchestrators choose their own
 * - `open`: the answer has nothing that must be protected
 * - `protected`: the answer has data of the user
 * - `change`: the request changes something
 */
export type Access = 'health' | 'open' | 'protected' | 'change';

export class Guard {
  readonly #names: ReadonlySet<string>;
  readonly #token: Buffer | undefined;

  constructor({ host, hosts, token }: Pick<HttpConfig, 'host' | 'hosts' | 'token'>) {
    this.#names = new Set([host, ...hosts].map(name => name.toLowerCase()).concat(ownNames()));
    this.#token = token === undefined ? undefined : digest(token);
  }

  /** Undefined if the server may answer the request. */
  refuse(request: IncomingMessage, access: Access): Refusal | undefined {
    const { method = '', headers } = request;
    const methods = access === 'change' ? CHANGING_METHODS : READING_METHODS;
    if (!methods.includes(method)) {
      const allowed = methods.join(', ');
      return { status: 405, reason: `this path accepts only ${allowed}`, headers: { Allow: allowed } };
    }
    if (access === 'health') return undefined;
    const host = hostIn(headers.host ?? '');
    if (host === undefined)
      return { status: 400, reason: 'the Host header is missing or wrong', headers: {} };
    if (this.#token === undefined && !this.#isOurs(host)) {
      const reason = `${quoted(host)} is not a name of this machine; use its IP address or localhost, add the name to MQTTREP_HTTP_HOSTS, or set MQTTREP_HTTP_TOKEN`;
      return { status: 421, reason, headers: {} };
    }
    if (access === 'open') return undefined;
    if (isCrossSite(headers)) {
      const reason = 'the browser sent this request for another site; open the status page itself';
      return { status: 403, reason, headers: {} };
    }
    if (this.#token === undefined && access === 'change' && !isLoopback(request.socket.remoteAddress)) {
      return {
        status: 403,
        reason: 'without MQTTREP_HTTP_TOKEN only this machine may change anything',
        headers: {},
      };
    }
    if (this.isAuthorized(request)) return undefined;
    return {
      status: 401,
      reason: 'a token is needed: MQTTREP_HTTP_TOKEN, as a bearer token or as the password',
      headers: { 'WWW-Authenticate': 'Basic realm="mqttrep", charset="UTF-8"' },
    };
  }

  #isOurs(host: string): boolean {
    return isIP(host) !== 0 || host === 'localhost' || host.endsWith('.localhost') || this.#names.has(host);
  }

  /** Whether the request shows the token; true if no token is set. */
  isAuthorized({ headers: { authorization = '' } }: IncomingMessage): boolean {
    if (this.#token === undefined) return true;
    // Digests have equal lengths, so the time of the comparison tells nothing about the token.
    return timingSafeEqual(digest(tokenIn(authorization)), this.#token);
  }
}

const READING_METHODS: readonly string[] = ['GET', 'HEAD'];
const CHANGING_METHODS: readonly string[] = ['POST'];

/**
 * Browsers say which site a request comes from, and no page can change that. `same-site` can be another port of this
 * machine, so it does not suffice. `Origin` is for browsers without `Sec-Fetch-Site`. Other programs send neither.
 */
function isCrossSite({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (origin === undefined) return false;
  // A reverse proxy may add TLS, so the scheme does not count.
  return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase();
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && LOOPBACK.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** The names of this machine, also with the domain of the local network. */
function ownNames(): string[] {
  const name = hostname().toLowerCase();
  return [name, `${name}.local`, name.split('.')[0] ?? name];
}

/** The host without port and brackets, in lower case. */
function hostIn(header: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(header) ?? [];
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, '');
}

/** The token, or the password after any user name. */
function tokenIn(authorization: string): string {
  const [scheme = '', credentials = ''] = authorization.split(' ', 2);
  if (scheme.toLowerCase() === 'bearer') return credentials;
  if (scheme.toLowerCase() !== 'basic') return '';
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  return decoded.slice(decoded.indexOf(':') + 1);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
