/**
 * The status server: health, metrics, the API and the page, over plain HTTP.
 *
 * It runs in the main thread, where no MQTT data flows. Whoever connects, hangs, floods or lies costs a bounded
 * amount of memory and time: connections, headers, idle times, answers under way and waiting bytes are limited.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { HttpConfig } from '../config/config.ts';
import type { ReconcilerRequest, ReconcilerResponses } from '../protocol/requests.ts';
import { NoResponseError } from '../supervisor/pending-requests.ts';
import type { Replicator } from '../supervisor/replicator.ts';
import { Connections } from './connections.ts';
import { EventStream } from './event-stream.ts';
import { Guard } from './guard.ts';
import { type Health, readiness } from './health.ts';
import { Metrics } from './metrics.ts';
import { Overview } from './overview.ts';
import { asJson, asText, fileReply, type Reply, SECURITY_HEADERS } from './reply.ts';
import { loadStaticFiles, type StaticFile } from './static-files.ts';
import {
  BadRequest,
  decisionIn,
  isDecision,
  levelRequest,
  topicRequest,
  topicsRequest,
  trashRequest,
  undoOrder,
} from './topic-requests.ts';
import { UnsentBytes } from './unsent-bytes.ts';

/** What is not given is unlimited by Node, or as long as minutes. */
export const LIMITS = {
  /** Connections at once; for each one more an idle one is closed. */
  connections: 128,
  /** Beyond those, as long as none of them has been heard; more are closed as they come. */
  arriving: 1_024,
  /** Bytes of a request's head. */
  head: 16 * 1024,
  /** Milliseconds for the head, and for all of a request. */
  headTime: 5_000,
  requestTime: 10_000,
  /** Milliseconds between two requests of a connection, and in which nothing moves. */
  keepAlive: 5_000,
  idle: 30_000,
  /** Requests that the reconciler has to answer, at once. */
  questions: 16,
  /** Bytes of answers that the network has not taken yet, of all connections together. */
  unsent: 16 * 1024 * 1024,
  /** Milliseconds that the reconciler has for an answer. */
  answer: 5_000,
};

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
  /** The page, by path; by default as it was built. */
  readonly files?: ReadonlyMap<string, StaticFile>;
  /** Where others than `LIMITS` are to hold. */
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
  #questions = 0;
  readonly #unsent = new UnsentBytes();

  constructor(options: StatusServerOptions) {
    const { http, replicator, version, mergeFrequency } = options;
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#connections = new Connections(this.#limits.connections);
    this.#guard = new Guard(http.host, http.token);
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
        maxHeaderSize: this.#limits.head,
        headersTimeout: this.#limits.headTime,
        requestTimeout: this.#limits.requestTime,
        keepAliveTimeout: this.#limits.keepAlive,
        connectionsCheckingInterval: Math.min(1_000, this.#limits.headTime),
      },
      (request, response) => {
        this.#serve(request, response).catch(() => response.destroy());
      },
    );
    // A connection that could not be accepted is the client's trouble; nobody listening would end the process.
    this.#server.on('error', () => undefined);
    this.#server.on('connection', (socket: Socket) => this.#connections.add(socket));
    this.#server.maxConnections = this.#limits.connections + this.#limits.arriving;
    this.#server.setTimeout(this.#limits.idle);
  }

  /**
   * Begins to listen; resolves with the address of the page.
   * @throws the error of the network (rejects)
   */
  async listen(): Promise<string> {
    const { host, port } = this.#options.http;
    this.#server.listen({ host, port });
    await once(this.#server, 'listening');
    this.#overview.start();
    const { port: bound } = this.#server.address() as AddressInfo;
    return `http://${host.includes(':') ? `[${host}]` : host}:${bound}/`;
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
    // Who left in the middle of an answer is no matter for us.
    response.on('error', () => undefined);
    // The raw path: a URL parser would take the topic `..` for a way up.
    const [path = '', search = ''] = (request.url ?? '').split('?', 2);
    const query = new URLSearchParams(search);
    // The page itself is no secret, and asks for the token that all it shows is kept behind.
    const isOpen =
      path === '/livez' ||
      (path === '/readyz' && !query.has('verbose')) ||
      path === '/' ||
      this.#files.has(path);
    const access = path === UNDO_PATH || isDecision(path) ? 'change' : 'protected';
    const refusal = this.#guard.refuse(request, isOpen ? 'open' : access);
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
      return details === null ? asJson(404, { error: 'no such topic is known' }) : asJson(200, details);
    }
    const file = this.#files.get(path);
    if (file !== undefined) return fileReply(file, request.headers);
    if (path === '/') return asText(404, NO_PAGE);
    return asJson(404, { error: 'there is nothing here' });
  }

  async #ask<Q extends ReconcilerRequest>(question: Q): Promise<ReconcilerResponses[Q['kind']]> {
    if (this.#questions >= this.#limits.questions)
      throw new NoResponseError('too many requests are under way');
    this.#questions++;
    try {
      return await this.#options.replicator.askReconciler(question, this.#limits.answer);
    } finally {
      this.#questions--;
    }
  }

  async #stream(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#events.isFull) throw new NoResponseError('too many readers of events are connected');
    response.writeHead(200, { ...SECURITY_HEADERS, 'Content-Type': 'text/event-stream; charset=utf-8' });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    // The stream has limits of its own.
    request.socket.setTimeout(0);
    // A response that waits behind another one is not told that the connection is gone.
    request.socket.once('close', () => {
      response.destroy();
      this.#events.remove(response);
    });
    await this.#events.add(response);
  }

  #send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
    const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
    if (response.destroyed || request.socket.destroyed) return;
    if (this.#unsent.total + body.length > this.#limits.unsent) {
      response.destroy();
      return;
    }
    response.writeHead(reply.status, {
      ...SECURITY_HEADERS,
      'Content-Type': reply.type,
      // 304 has no body, and says nothing of its length.
      ...(reply.status === 304 ? {} : { 'Content-Length': body.length }),
      ...reply.headers,
    });
    this.#unsent.add(request.socket, response, body.length);
    response.end(request.method === 'HEAD' ? undefined : body);
  }
}

const TOPIC_PATH = '/api/v1/topics/';

/** Changes something. */
const UNDO_PATH = '/api/v1/undo';

const NO_BROKER = asJson(404, { error: 'there is no such broker' });

const NO_PAGE = `The page was not built into this installation (npm run build makes it).
There are /livez, /readyz, /metrics, /api/v1/status, /api/v1/topics, /api/v1/tree and /api/v1/events.
`;

/** What we did not expect is our own mistake, and told without its inside. */
function replyToError(error: unknown): Reply {
  if (error instanceof BadRequest) return asJson(400, { error: error.message });
  if (error instanceof NoResponseError) return asJson(503, { error: error.message }, { 'Retry-After': '1' });
  return asJson(500, { error: 'mqttrep failed to answer' });
}
