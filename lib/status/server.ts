/**
 * The status server: health, metrics, the API and the page, over plain HTTP.
 *
 * It runs in the main thread, which handles no MQTT messages. A client that hangs, floods or lies costs a bounded amount
 * of memory and time: connections, headers, idle times, unfinished answers and waiting bytes are limited.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { HttpConfig } from '../config/config.ts';
import { httpUrl } from '../config/http-values.ts';
import type { ReconcilerRequest, ReconcilerResponses } from '../protocol/requests.ts';
import { NoResponseError } from '../supervisor/pending-requests.ts';
import type { Replicator } from '../supervisor/replicator.ts';
import {
  decisionIn,
  isDecision,
  levelRequest,
  topicRequest,
  topicsRequest,
  trashRequest,
  undoOrder,
} from './api-requests.ts';
import { Connections } from './connections.ts';
import { EventStream } from './event-stream.ts';
import { type Access, Guard } from './guard.ts';
import { type Health, readiness } from './health.ts';
import { LIMITS } from './limits.ts';
import { Metrics } from './metrics.ts';
import { Overview } from './overview.ts';
import {
  asJson,
  asText,
  fileReply,
  headersOf,
  NO_BROKER,
  NO_PAGE,
  type Reply,
  replyToError,
  SECURITY_HEADERS,
} from './reply.ts';
import { loadStaticFiles, type StaticFile } from './static-files.ts';
import { UnsentBytes } from './unsent-bytes.ts';

export interface StatusServerOptions {
  readonly http: HttpConfig;
  readonly replicator: Pick<
    Replicator,
    'links' | 'reconcilerActors' | 'reconcilerRestarts' | 'isStopping' | 'askBroker' | 'askReconciler'
  >;
  /** Of the package. */
  readonly version: string;
  /** Hz. */
  readonly mergeFrequency: () => number;
  /** The page, by path; by default the built one. */
  readonly files?: ReadonlyMap<string, StaticFile>;
  /** Instead of those of `LIMITS`. */
  readonly limits?: Partial<typeof LIMITS>;
}

export class StatusServer {
  readonly #options: StatusServerOptions;
  readonly #limits: typeof LIMITS;
  readonly #server: Server;
  readonly #guard: Guard;
  readonly #connections: Connections;
  readonly #overview: Overview;
  readonly #metrics: Metrics;
  readonly #events: EventStream;
  readonly #files: ReadonlyMap<string, StaticFile>;
  #pendingRequests = 0;
  readonly #unsent = new UnsentBytes();

  constructor(options: StatusServerOptions) {
    const { http, replicator, version, mergeFrequency } = options;
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#connections = new Connections(this.#limits.connections);
    this.#guard = new Guard(http);
    this.#overview = new Overview({
      asked: replicator,
      version,
      mergeFrequency,
      hidesPayloads: http.hidesPayloads,
    });
    this.#metrics = new Metrics({
      measurements: this.#overview.measurements,
      version,
      reconcilerRestarts: () => replicator.reconcilerRestarts,
      displaced: () => this.#connections.displaced,
    });
    this.#events = new EventStream(() => this.#overview.status());
    this.#files = options.files ?? loadStaticFiles();
    this.#server = createServer(
      {
        maxHeaderSize: this.#limits.headBytes,
        headersTimeout: this.#limits.headTimeoutMs,
        requestTimeout: this.#limits.requestTimeoutMs,
        keepAliveTimeout: this.#limits.keepAliveTimeoutMs,
        connectionsCheckingInterval: Math.min(1_000, this.#limits.headTimeoutMs),
      },
      (request, response) => {
        this.#serve(request, response).catch(() => response.destroy());
      },
    );
    // Without a listener, a connection that cannot be accepted would end the process. The client sees the error anyway.
    this.#server.on('error', () => undefined);
    this.#server.on('connection', (socket: Socket) => this.#connections.add(socket));
    this.#server.maxConnections = this.#limits.connections + this.#limits.unreadConnections;
    this.#server.setTimeout(this.#limits.idleTimeoutMs);
  }

  /**
   * Starts to listen and resolves with the address of the page.
   * @throws (rejects) the error of the network
   */
  async listen(): Promise<string> {
    const { host, port } = this.#options.http;
    this.#server.listen({ host, port });
    await once(this.#server, 'listening');
    this.#overview.start();
    const { port: bound } = this.#server.address() as AddressInfo;
    return httpUrl({ host, port: bound });
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#overview.close();
    this.#events.close();
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that leaves in the middle of an answer is not an error.
    response.on('error', () => undefined);
    // The raw path: a URL parser would take the topic `..` as the parent folder.
    const [path = '', search = ''] = (request.url ?? '').split('?', 2);
    const query = new URLSearchParams(search);
    // The page itself is public. It asks for the token that protects everything it shows.
    const refusal = this.#guard.refuse(request, this.#accessTo(path, query));
    if (refusal === undefined && this.#guard.isAuthorized(request)) {
      response.once('close', this.#connections.keep(request.socket));
    }
    try {
      if (refusal !== undefined) {
        this.#send(request, response, asJson(refusal.status, { error: refusal.reason }, refusal.headers));
      } else if (path === '/api/v1/events') {
        await this.#stream(request, response);
      } else {
        this.#send(request, response, await this.#reply(path, query, request));
      }
    } catch (error) {
      this.#send(request, response, replyToError(error));
    }
  }

  #accessTo(path: string, query: URLSearchParams): Access {
    if (path === '/livez' || (path === '/readyz' && !query.has('verbose'))) return 'health';
    if (path === '/' || this.#files.has(path)) return 'open';
    return path === UNDO_PATH || isDecision(path) ? 'change' : 'protected';
  }

  /** The brief answer waits for no actor. */
  async #readiness(detail: 'brief' | 'verbose'): Promise<Health> {
    const { replicator } = this.#options;
    if (detail === 'brief') return readiness(replicator, detail);
    const { measurements } = this.#overview;
    await measurements.refresh();
    const incomplete = measurements.brokers.filter(({ link }) => link?.isReplayIncomplete === true);
    return readiness(replicator, detail, new Set(incomplete.map(({ name }) => name)));
  }

  async #reply(path: string, query: URLSearchParams, request: IncomingMessage): Promise<Reply> {
    switch (path) {
      case '/livez':
        return asText(200, 'alive\n');
      case '/readyz': {
        const { isWell, text } = await this.#readiness(query.has('verbose') ? 'verbose' : 'brief');
        return asText(isWell ? 200 : 503, text);
      }
      case '/metrics':
        return { status: 200, type: this.#metrics.contentType, body: await this.#metrics.text() };
      case '/api/v1/status':
        return asJson(200, await this.#overview.status());
      case '/api/v1/topics':
        return asJson(200, await this.#ask(topicsRequest(query)));
      case '/api/v1/trash':
        return asJson(200, await this.#ask(trashRequest(query)));
      case UNDO_PATH:
        return asJson(200, await this.#ask(undoOrder(query)));
      case '/api/v1/tree':
        return asJson(200, await this.#ask(levelRequest(query)));
    }
    if (isDecision(path)) {
      const decided = await this.#ask(decisionIn(path));
      return decided === null ? NO_BROKER : asJson(200, decided);
    }
    if (path.startsWith(TOPIC_PATH)) {
      const details = await this.#ask(topicRequest(path.slice(TOPIC_PATH.length)));
      return details === null ? asJson(404, { error: 'mqttrep has no such topic' }) : asJson(200, details);
    }
    const file = this.#files.get(path);
    if (file !== undefined) return fileReply(file, request.headers);
    if (path === '/') return NO_PAGE;
    return asJson(404, { error: 'there is nothing at this path' });
  }

  async #ask<Q extends ReconcilerRequest>(question: Q): Promise<ReconcilerResponses[Q['kind']]> {
    if (this.#pendingRequests >= this.#limits.pendingRequests)
      throw new NoResponseError('too many requests are unanswered; try again later');
    this.#pendingRequests++;
    try {
      return await this.#options.replicator.askReconciler(question, this.#limits.answerTimeoutMs);
    } finally {
      this.#pendingRequests--;
    }
  }

  async #stream(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#events.isFull)
      throw new NoResponseError('too many readers of events are connected; try again later');
    response.writeHead(200, { ...SECURITY_HEADERS, 'Content-Type': 'text/event-stream; charset=utf-8' });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    // The stream of events has its own limits.
    request.socket.setTimeout(0);
    // A response that waits behind another one emits no event when the connection is gone.
    request.socket.once('close', () => {
      response.destroy();
      this.#events.remove(response);
    });
    await this.#events.add(response);
  }

  #send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
    const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
    if (response.destroyed || request.socket.destroyed) return;
    if (this.#unsent.total + body.length > this.#limits.unsentBytes) {
      response.destroy();
      return;
    }
    response.writeHead(reply.status, headersOf(reply, body.length));
    this.#unsent.add(request.socket, response, body.length);
    response.end(request.method === 'HEAD' ? undefined : body);
  }
}

const TOPIC_PATH = '/api/v1/topics/';

const UNDO_PATH = '/api/v1/undo';
