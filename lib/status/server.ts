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
import type { ReadVariables } from '../config/route-of.ts';
import { NoResponseError } from '../supervisor/pending-requests.ts';
import type { Replicator } from '../supervisor/replicator.ts';
import { Connections } from './connections.ts';
import { EventStream } from './event-stream.ts';
import { Guard } from './guard.ts';
import { LIMITS } from './limits.ts';
import { Metrics } from './metrics.ts';
import { Overview } from './overview.ts';
import { asJson, headersOf, type Reply, replyToError, SECURITY_HEADERS } from './reply.ts';
import { Routes } from './routes.ts';
import { loadStaticFiles, type StaticFile } from './static-files.ts';
import { filtersOf } from './subscribed-filters.ts';
import { UnsentBytes } from './unsent-bytes.ts';

export interface StatusServerOptions {
  readonly http: HttpConfig;
  readonly replicator: Pick<
    Replicator,
    | 'links'
    | 'reconcilerActors'
    | 'reconcilerRestarts'
    | 'eventActors'
    | 'eventRestarts'
    | 'isStopping'
    | 'heartbeat'
    | 'config'
    | 'askBroker'
    | 'askReconciler'
    | 'askEvents'
    | 'plan'
    | 'pause'
    | 'resume'
  >;
  /** Of the package. */
  readonly version: string;
  /** Hz. */
  readonly mergeFrequency: () => number;
  /** From which the configuration was read: they tell which setting decided the route of a topic. */
  readonly variables?: () => ReadVariables;
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
  readonly #events: EventStream;
  readonly #routes: Routes;
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
      heartbeat: () => replicator.heartbeat,
      hidesPayloads: http.hidesPayloads,
      allowsActions: http.allowsActions,
      filters: () => filtersOf(replicator),
      rateOf: name => replicator.plan(name)?.rate,
    });
    const metrics = new Metrics({
      measurements: this.#overview.measurements,
      version,
      reconcilerRestarts: () => replicator.reconcilerRestarts,
      eventRestarts: () => replicator.eventRestarts,
      displaced: () => this.#connections.displaced,
    });
    this.#events = new EventStream(() => this.#overview.status());
    this.#routes = new Routes({
      replicator,
      overview: this.#overview,
      metrics,
      files: options.files ?? loadStaticFiles(),
      variables: options.variables ?? (() => ({ variables: {}, sourceOf: variable => variable })),
      allowsActions: http.allowsActions,
      limits: this.#limits,
    });
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
    const refusal = this.#guard.refuse(request, this.#routes.access(path, query));
    if (refusal === undefined && this.#guard.isAuthorized(request)) {
      response.once('close', this.#connections.keep(request.socket));
    }
    try {
      if (refusal !== undefined) {
        this.#send(request, response, asJson(refusal.status, { error: refusal.reason }, refusal.headers));
      } else if (path === '/api/v1/events') {
        await this.#stream(request, response);
      } else {
        this.#send(request, response, await this.#routes.reply(path, query, request.headers));
      }
    } catch (error) {
      this.#send(request, response, replyToError(error));
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
