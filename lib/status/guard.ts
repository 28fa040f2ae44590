/**
 * Who may ask. The server only ever tells, never changes anything; but what it tells is the user's.
 *
 * - The Host header must name this machine. A site that the user visits could otherwise point a name of its own at
 *   127.0.0.1 and read what is said there (DNS rebinding). An IP address cannot be pointed elsewhere.
 * - Where a token is set, whoever asks must show it: as a bearer token, or as the password that a browser asks for.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { quoted } from '../core/printable.ts';

export interface Refusal {
  readonly status: 400 | 401 | 405 | 421;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
}

export class Guard {
  readonly #names: ReadonlySet<string>;
  readonly #token: Buffer | undefined;

  /** @param host where the server listens */
  constructor(host: string, token: string | undefined) {
    this.#names = new Set([host.toLowerCase(), ...ownNames()]);
    this.#token = token === undefined ? undefined : digest(token);
  }

  /** Undefined if the request is to be answered. `open`: it tells nothing that anyone might not know. */
  refuse(request: IncomingMessage, access: 'open' | 'protected'): Refusal | undefined {
    const { method = '', headers } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      return { status: 405, reason: 'this server only tells: GET and HEAD', headers: { Allow: 'GET, HEAD' } };
    }
    const host = hostIn(headers.host ?? '');
    if (host === undefined)
      return { status: 400, reason: 'the Host header is missing or wrong', headers: {} };
    if (!this.#isOurs(host)) {
      const reason = `${quoted(host)} is not this machine's name: ask by its IP address, or by localhost`;
      return { status: 421, reason, headers: {} };
    }
    if (access === 'open' || this.#isAuthorized(headers.authorization)) return undefined;
    return {
      status: 401,
      reason: 'a token is needed: MQTTREP_HTTP_TOKEN, as a bearer token or as the password',
      headers: { 'WWW-Authenticate': 'Basic realm="mqttrep", charset="UTF-8"' },
    };
  }

  #isOurs(host: string): boolean {
    return isIP(host) !== 0 || host === 'localhost' || host.endsWith('.localhost') || this.#names.has(host);
  }

  #isAuthorized(authorization: string | undefined): boolean {
    if (this.#token === undefined) return true;
    // Digests have one length, so the comparison takes the same time whatever was sent.
    return timingSafeEqual(digest(tokenIn(authorization ?? '')), this.#token);
  }
}

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
