/**
 * Who may ask. What the server tells is the user's, and what it changes all the more.
 *
 * - The Host header must name this machine. A site that the user visits could otherwise point a name of its own at
 *   127.0.0.1 and read what is said there (DNS rebinding). An IP address cannot be pointed elsewhere.
 * - A browser that another site has led here is refused: that site has no business with what is said or changed here.
 * - Where a token is set, whoever asks must show it: as a bearer token, or as the password that a browser asks for.
 *   Without a token nothing is changed but for this machine.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { hostname } from 'node:os';
import { quoted } from '../core/printable.ts';

export interface Refusal {
  readonly status: 400 | 401 | 403 | 405 | 421;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * - `open`: it tells nothing that anyone might not know
 * - `protected`: it tells what is the user's
 * - `change`: it changes something
 */
export type Access = 'open' | 'protected' | 'change';

export class Guard {
  readonly #names: ReadonlySet<string>;
  readonly #token: Buffer | undefined;

  /** @param host where the server listens */
  constructor(host: string, token: string | undefined) {
    this.#names = new Set([host.toLowerCase(), ...ownNames()]);
    this.#token = token === undefined ? undefined : digest(token);
  }

  /** Undefined if the request is to be answered. */
  refuse(request: IncomingMessage, access: Access): Refusal | undefined {
    const { method = '', headers } = request;
    const methods = access === 'change' ? CHANGING : TELLING;
    if (!methods.includes(method)) {
      const allowed = methods.join(', ');
      return { status: 405, reason: `this path takes ${allowed} only`, headers: { Allow: allowed } };
    }
    const host = hostIn(headers.host ?? '');
    if (host === undefined)
      return { status: 400, reason: 'the Host header is missing or wrong', headers: {} };
    if (!this.#isOurs(host)) {
      const reason = `${quoted(host)} is not this machine's name: ask by its IP address, or by localhost`;
      return { status: 421, reason, headers: {} };
    }
    if (access === 'open') return undefined;
    if (isCrossSite(headers)) {
      const reason = 'another site has led the browser here: open the status page itself';
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

  /** Whether the request shows the token, if there is one. */
  isAuthorized({ headers: { authorization = '' } }: IncomingMessage): boolean {
    if (this.#token === undefined) return true;
    // Digests have one length, so the comparison takes the same time whatever was sent.
    return timingSafeEqual(digest(tokenIn(authorization)), this.#token);
  }
}

const TELLING: readonly string[] = ['GET', 'HEAD'];
const CHANGING: readonly string[] = ['POST'];

/**
 * Browsers say where a request comes from, and no page can make them say otherwise. `same-site` is no more than another
 * port of this machine. `Origin` is for browsers that do not know `Sec-Fetch-Site`. Other programs send neither.
 */
function isCrossSite({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (origin === undefined) return false;
  // A reverse proxy may add TLS, so the scheme says nothing.
  return !URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase();
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && LOOPBACK.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Also with the domain of the local network. */
function ownNames(): string[] {
  const name = hostname().toLowerCase();
  return [name, `${name}.local`, name.split('.')[0] ?? name];
}

/** Without port and brackets, in lower case. */
function hostIn(header: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(header) ?? [];
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, '');
}

/** The name that comes with a password is of no interest. */
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
