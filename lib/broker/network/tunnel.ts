/**
 * The network connection to a broker through a proxy: SOCKS 5 (RFC 1928, by the package `socks`) or HTTP CONNECT (RFC 9110
 * §9.3.6). The proxy looks up the name of the broker. TLS goes through the tunnel, so the proxy cannot read it.
 *
 * Errors name the proxy, without its user name and password.
 */

import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { SocksClient } from 'socks';
import { withHighWaterMark } from '../lane/stream-transport.ts';
import { ConnectError } from './connect-error.ts';
import { PROXY_CODES, type ProxyProblem } from './proxy-advice.ts';
import type { Target } from './target.ts';

const HTTP_PORT = 80;
const SOCKS_PORT = 1080;

/** What a proxy answers, in words, and what kind of problem that is. */
class Refusal extends Error {
  readonly problem: ProxyProblem;

  constructor(problem: ProxyProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/**
 * @param proxy a URL, with user name and password percent-encoded if the proxy wants them
 * @throws ConnectError if the proxy cannot be reached, refuses, or cannot reach the broker
 */
export async function openTunnel(
  proxy: string,
  target: Target,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Socket> {
  const url = new URL(proxy);
  const isHttp = url.protocol === 'http:';
  const name = `the proxy ${url.protocol}//${url.host}`;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (isHttp ? HTTP_PORT : SOCKS_PORT));
  const isWeb = target.scheme.startsWith('ws');
  const socket = withHighWaterMark(isWeb, () => connect({ host, port, noDelay: true }));
  let isReached = false;
  let clear: () => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    const fail = (message: string) =>
      reject(isReached ? new Refusal('silence', message) : new Refusal('unreachable', message));
    const limit = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    const failed = (error: Error) => fail(error.message);
    const closed = () => fail('it closed the connection');
    const abort = () => fail('given up');
    socket.on('error', failed).on('close', closed);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted === true) abort();
    clear = () => {
      clearTimeout(limit);
      socket.off('error', failed).off('close', closed);
      signal?.removeEventListener('abort', abort);
    };
  });
  const connected = new Promise<void>(resolve => {
    socket.once('connect', () => {
      isReached = true;
      resolve();
    });
  });
  try {
    await Promise.race([connected, broken]);
    const through = isHttp ? throughHttp : throughSocks;
    await Promise.race([through(socket, url, target), broken]);
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    const { problem, message } = error instanceof Refusal ? error : new Refusal('protocol', String(error));
    const failure = { code: undefined, wasConnected: false };
    throw new ConnectError(`${name} ${WORDS[problem](message, target)}`, failure, PROXY_CODES[problem]);
  } finally {
    clear();
  }
}

const WORDS: Readonly<Record<ProxyProblem, (message: string, target: Target) => string>> = {
  unreachable: message => `cannot be reached (${message})`,
  silence: message => `does not open a connection (${message})`,
  protocol: message => `does not speak its protocol (${message})`,
  credentials: message => `does not accept the user name and password (${message})`,
  forbidden: (message, { host, port }) => `does not permit connections to ${host}, port ${port} (${message})`,
  target: (message, { host, port }) => `cannot reach the broker at ${host}, port ${port} (${message})`,
};

function credentialsOf({ username, password }: URL): readonly [user: string, password: string] | undefined {
  if (username === '' && password === '') return undefined;
  return [decodeURIComponent(username), decodeURIComponent(password)];
}

/** The answers of a SOCKS proxy, by the words of the package. */
const SOCKS_PROBLEMS: readonly (readonly [RegExp, ProxyProblem])[] = [
  [/Authentication failed|no accepted authentication/, 'credentials'],
  [/NotAllowed/, 'forbidden'],
  [/proxy rejected connection/, 'target'],
  [/Socket closed/, 'silence'],
];

async function throughSocks(socket: Socket, url: URL, { host, port }: Target): Promise<void> {
  const [userId, password] = credentialsOf(url) ?? [];
  try {
    await SocksClient.createConnection({
      command: 'connect',
      destination: { host, port },
      existing_socket: socket,
      proxy: {
        host: url.hostname,
        port: Number(url.port || SOCKS_PORT),
        type: 5,
        ...(userId === undefined ? {} : { userId, password: password ?? '' }),
      },
    });
  } catch (error) {
    const { message } = error as Error;
    const [, problem = 'protocol'] = SOCKS_PROBLEMS.find(([words]) => words.test(message)) ?? [];
    throw new Refusal(problem, message);
  }
}

function throughHttp(socket: Socket, url: URL, { host, port }: Target): Promise<void> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const credentials = credentialsOf(url);
  const proof = Buffer.from((credentials ?? []).join(':')).toString('base64');
  return new Promise((resolve, reject) => {
    request({
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        ...(credentials === undefined ? {} : { 'proxy-authorization': `Basic ${proof}` }),
      },
      createConnection: () => socket,
    })
      .once('connect', ({ statusCode = 0, statusMessage = '' }, _socket, head) => {
        if (head.length > 0) socket.unshift(head);
        if (statusCode >= 200 && statusCode < 300) resolve();
        else
          reject(new Refusal(httpProblem(statusCode), `HTTP status ${statusCode} ${statusMessage}`.trim()));
      })
      .on('error', error => reject(new Refusal(isReset(error) ? 'silence' : 'protocol', error.message)))
      .end();
  });
}

function httpProblem(status: number): ProxyProblem {
  if (status === 401 || status === 407) return 'credentials';
  return status >= 500 ? 'target' : 'forbidden';
}

function isReset(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'ECONNRESET';
}
