/**
 * A status server whose answers a spec sets: many topics, hostile ones too, brokers in any state, a token, silence. It serves
 * the built page with the headers of the real server.
 */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  BrokerDetails,
  Delta,
  Status,
  TopicDetails,
  TopicLevel,
  TopicList,
  TopicRoute,
} from '../../lib/status/api.ts';

/** From dist/spec/page. */
const FOLDER = fileURLToPath(new URL('../../page/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:";

/** The requested rows. */
export interface Source {
  status(): Status;
  topics(query: URLSearchParams): TopicList;
  level(query: URLSearchParams): TopicLevel;
  topic(name: string): TopicDetails | undefined;
  broker(name: string): BrokerDetails | undefined;
  route(topic: string): TopicRoute;
}

export interface PretendOptions {
  /** 0 for any free port. */
  readonly port?: number;
  readonly token?: string;
  /** Milliseconds that its clock is behind. */
  readonly behind?: number;
  /** The path below which a proxy serves it, such as `/site/mqttrep`. */
  readonly below?: string;
}

export class PretendServer {
  /** Paths of requests with their queries; after `POST ` if the request changes something. */
  readonly requests: string[] = [];
  readonly #source: Source;
  readonly #token: string | undefined;
  readonly #behind: number;
  readonly #below: string;
  readonly #streams = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => this.#answer(request, response));

  static async start(source: Source, { port = 0, ...options }: PretendOptions = {}): Promise<PretendServer> {
    const server = new PretendServer(source, options);
    server.#server.listen(port, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  private constructor(source: Source, { token, behind = 0, below = '' }: PretendOptions) {
    this.#behind = behind;
    this.#below = below;
    this.#source = source;
    this.#token = token;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The number of open event streams. */
  get listeners(): number {
    return this.#streams.size;
  }

  tell(delta: Delta): void {
    for (const stream of this.#streams) send(stream, 'delta', delta);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname: whole, searchParams } = new URL(request.url ?? '/', 'http://any');
    if (!whole.startsWith(`${this.#below}/`)) {
      response.writeHead(404).end();
      return;
    }
    const pathname = whole.slice(this.#below.length);
    this.requests.push(request.method === 'POST' ? `POST ${request.url}` : (request.url ?? ''));
    response.setHeader('date', new Date(Date.now() - this.#behind).toUTCString());
    if (!pathname.startsWith('/api/')) {
      sendFile(response, pathname === '/' ? '/index.html' : pathname);
    } else if (this.#token !== undefined && request.headers.authorization !== `Bearer ${this.#token}`) {
      response.writeHead(401).end();
    } else if (pathname === '/api/v1/events') {
      this.#stream(response);
    } else {
      const answer = this.#json(pathname, searchParams);
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? {}));
    }
  }

  #json(path: string, query: URLSearchParams): unknown {
    if (path.includes('/deletions/')) return { topics: 1 };
    if (/\/(?:compare|retry|pause|resume)$/.test(path)) return { isBegun: true, topics: null };
    if (path === '/api/v1/topics') return this.#source.topics(query);
    if (path === '/api/v1/tree') return this.#source.level(query);
    if (path === '/api/v1/route') return this.#source.route(query.get('topic') ?? '');
    const broker = /^\/api\/v1\/brokers\/([^/]+)$/.exec(path)?.[1];
    if (broker !== undefined) return this.#source.broker(decodeURIComponent(broker));
    const topic = /^\/api\/v1\/topics\/(.+)$/.exec(path)?.[1];
    return topic === undefined ? undefined : this.#source.topic(decodeURIComponent(topic));
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    send(response, 'status', this.#source.status());
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }
}

function send(response: ServerResponse, event: string, data: unknown): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

function sendFile(response: ServerResponse, path: string): void {
  const type = TYPES[extname(path)];
  if (!/^\/[a-z.]+$/.test(path) || type === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY });
  response.end(readFileSync(FOLDER + path.slice(1)));
}
