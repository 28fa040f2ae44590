/** Small proxies as the standards have them: SOCKS 5 (RFC 1928 and 1929), and HTTP CONNECT (RFC 9110 §9.3.6). */

import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { closeWith, portOf } from './listening-server.ts';

export interface ProxyOptions {
  /** `user:password` that clients must show. */
  readonly account?: string;
  /** It permits no connection. */
  readonly forbids?: boolean;
}

/** A name that only the proxies know: it is this machine. */
export const BROKER_HOST = 'broker.behind-the-proxy.test';

export class TestProxy {
  readonly kind: 'socks5' | 'http';
  /** `host:port` of each connection that was asked for. */
  readonly targets: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  static async start(kind: 'socks5' | 'http', options: ProxyOptions = {}): Promise<TestProxy> {
    const proxy = new TestProxy(kind, options);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(kind: 'socks5' | 'http', options: ProxyOptions) {
    this.kind = kind;
    this.#server = kind === 'http' ? this.#http(options) : this.#socks(options);
  }

  /** @param account `user:password`, percent-encoded */
  url(account?: string): string {
    return `${this.kind}://${account === undefined ? '' : `${account}@`}127.0.0.1:${portOf(this.#server)}`;
  }

  close(): Promise<void> {
    return closeWith(this.#sockets, this.#server);
  }

  #http({ account, forbids = false }: ProxyOptions): Server {
    const server = createHttpServer((_request, response) => response.writeHead(405).end());
    server.on('connect', (request, client) => {
      const refuse = (status: string) => client.end(`HTTP/1.1 ${status}\r\n\r\n`);
      const proof = `Basic ${Buffer.from(account ?? '').toString('base64')}`;
      if (account !== undefined && request.headers['proxy-authorization'] !== proof)
        refuse('407 Proxy Authentication Required');
      else if (forbids) refuse('403 Forbidden');
      else {
        const { hostname, port } = new URL(`mqtt://${request.url}`);
        this.#join(
          client,
          hostname,
          Number(port),
          () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'),
          () => refuse('502 Bad Gateway'),
        );
      }
    });
    return server;
  }

  #socks({ account, forbids = false }: ProxyOptions): Server {
    return createServer({ noDelay: true }, client => {
      this.#keep(client);
      void this.#serveSocks(client, account, forbids).catch(() => client.destroy());
    });
  }

  async #serveSocks(client: Socket, account: string | undefined, forbids: boolean): Promise<void> {
    const [version, count = 0] = await bytesOf(client, 2);
    if (version !== 5) {
      client.end('this is a SOCKS proxy\r\n');
      return;
    }
    const methods = await bytesOf(client, count);
    const method = account === undefined ? 0 : 2;
    if (!methods.includes(method)) {
      client.end(Buffer.from([5, 0xff]));
      return;
    }
    client.write(Buffer.from([5, method]));
    if (method === 2) {
      const [, userLength = 0] = await bytesOf(client, 2);
      const user = await bytesOf(client, userLength);
      const password = await bytesOf(client, (await bytesOf(client, 1))[0] ?? 0);
      const isRight = `${user}:${password}` === account;
      client.write(Buffer.from([1, isRight ? 0 : 1]));
      if (!isRight) {
        client.end();
        return;
      }
    }
    const type = (await bytesOf(client, 4))[3] ?? 0;
    const host =
      type === 3
        ? String(await bytesOf(client, (await bytesOf(client, 1))[0] ?? 0))
        : [...(await bytesOf(client, 4))].join('.');
    const port = (await bytesOf(client, 2)).readUInt16BE();
    const reply = (code: number) => client.write(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
    if (forbids) reply(2);
    else
      this.#join(
        client,
        host,
        port,
        () => reply(0),
        () => reply(5),
      );
  }

  /** Joins the client to the target, as it names it. */
  #join(client: Duplex, host: string, port: number, joined: () => void, failed: () => void): void {
    this.targets.push(`${host}:${port}`);
    const target = connect({ host: host === BROKER_HOST ? '127.0.0.1' : host, port, noDelay: true });
    this.#keep(client);
    this.#keep(target);
    target.once('connect', () => {
      target.off('error', failed);
      joined();
      client.pipe(target).pipe(client);
    });
    target.once('error', failed);
    client.once('close', () => target.destroy());
    target.once('close', hadError => {
      if (!hadError) client.destroy();
    });
  }

  #keep(socket: Duplex): void {
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/** Exactly so many bytes; what follows waits. */
async function bytesOf(socket: Socket, count: number): Promise<Buffer> {
  if (count === 0) return Buffer.alloc(0);
  for (;;) {
    const bytes: Buffer | null = socket.read(count);
    if (bytes !== null) return bytes;
    await once(socket, 'readable');
  }
}
