/**
 * The paths of the status server: who may ask for each, and the reply. The stream of events is not here: it is a connection
 * that stays open, and the server itself serves it.
 */

import type { IncomingHttpHeaders } from 'node:http';
import type { ReadVariables } from '../config/route-of.ts';
import type { ReconcilerRequest, ReconcilerResponses } from '../protocol/requests.ts';
import { NoResponseError } from '../supervisor/pending-requests.ts';
import type { Replicator } from '../supervisor/replicator.ts';
import { act, isAction } from './actions.ts';
import {
  decisionIn,
  forgetIn,
  isDecision,
  isForget,
  levelRequest,
  topicRequest,
  topicsRequest,
  trashRequest,
  undoOrder,
} from './api-requests.ts';
import { brokerDetails } from './broker-details.ts';
import { brokerIn } from './broker-paths.ts';
import type { Access } from './guard.ts';
import { type Health, readiness } from './health.ts';
import type { LIMITS } from './limits.ts';
import type { Metrics } from './metrics.ts';
import type { Overview } from './overview.ts';
import { asJson, asText, fileReply, NO_BROKER, NO_PAGE, type Reply } from './reply.ts';
import type { StaticFile } from './static-files.ts';
import { topicRoute } from './topic-route.ts';

export interface RoutesDeps {
  readonly replicator: Pick<
    Replicator,
    | 'links'
    | 'config'
    | 'isStopping'
    | 'askReconciler'
    | 'askBroker'
    | 'askEvents'
    | 'plan'
    | 'pause'
    | 'resume'
  >;
  /** From which the configuration was read. */
  readonly variables: () => ReadVariables;
  /** Whether a client that shows the token may compare, retry, pause and resume a broker. */
  readonly allowsActions: boolean;
  readonly overview: Overview;
  readonly metrics: Metrics;
  /** The page, by path. */
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly limits: Pick<typeof LIMITS, 'pendingRequests' | 'answerTimeoutMs'>;
}

export class Routes {
  readonly #deps: RoutesDeps;
  #pendingRequests = 0;

  constructor(deps: RoutesDeps) {
    this.#deps = deps;
  }

  /** The page itself is public. It asks for the token that protects everything it shows. */
  access(path: string, query: URLSearchParams): Access {
    if (path === '/livez' || (path === '/readyz' && !query.has('verbose'))) return 'health';
    if (path === '/' || this.#deps.files.has(path)) return 'open';
    const isChange = path === UNDO_PATH || isDecision(path) || isForget(path) || isAction(path);
    return isChange ? 'change' : 'protected';
  }

  /**
   * @throws {BadRequest}
   * @throws {NoResponseError} the reconciler does not answer, or has too many requests to answer
   */
  async reply(path: string, query: URLSearchParams, headers: IncomingHttpHeaders): Promise<Reply> {
    const { metrics, overview, files } = this.#deps;
    switch (path) {
      case '/livez':
        return asText(200, 'alive\n');
      case '/readyz': {
        const { isWell, text } = await this.#readiness(query.has('verbose') ? 'verbose' : 'brief');
        return asText(isWell ? 200 : 503, text);
      }
      case '/metrics':
        return { status: 200, type: metrics.contentType, body: await metrics.text() };
      case '/api/v1/status':
        return asJson(200, await overview.status());
      case '/api/v1/route':
        return topicRoute(this.#deps.replicator.config, this.#deps.variables(), query);
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
    if (isForget(path)) return this.#forget(path);
    const ask = <Q extends ReconcilerRequest>(question: Q) => this.#ask(question);
    const { replicator, allowsActions } = this.#deps;
    if (isAction(path)) return act({ replicator, ask, isAllowed: allowsActions }, path);
    const broker = brokerIn(path);
    if (broker !== undefined) {
      const details = await brokerDetails({ replicator, ask }, broker);
      return details === null ? NO_BROKER : asJson(200, details);
    }
    if (path.startsWith(TOPIC_PATH)) {
      const details = await this.#ask(topicRequest(path.slice(TOPIC_PATH.length)));
      return details === null ? asJson(404, { error: 'mqttrep has no such topic' }) : asJson(200, details);
    }
    const file = files.get(path);
    if (file !== undefined) return fileReply(file, headers);
    if (path === '/') return NO_PAGE;
    return asJson(404, { error: 'there is nothing at this path' });
  }

  async #forget(path: string): Promise<Reply> {
    const { replicator, limits } = this.#deps;
    const forgotten = await replicator.askEvents(forgetIn(path), limits.answerTimeoutMs);
    if (forgotten === undefined) return asJson(404, { error: 'no topic is an event topic' });
    return forgotten === null ? NO_BROKER : asJson(200, forgotten);
  }

  /** The brief answer waits for no actor. */
  async #readiness(detail: 'brief' | 'verbose'): Promise<Health> {
    const { replicator, overview } = this.#deps;
    if (detail === 'brief') return readiness(replicator, detail);
    const { measurements } = overview;
    await measurements.refresh();
    const incomplete = measurements.brokers.filter(({ link }) => link?.isReplayIncomplete === true);
    const away = measurements.brokers.filter(
      ({ events }) => events !== undefined && events.state !== 'flowing',
    );
    return readiness(
      replicator,
      detail,
      new Set(incomplete.map(({ name }) => name)),
      new Map(away.map(({ name, events }) => [name, `${events?.state}, ${events?.messages} events wait`])),
    );
  }

  async #ask<Q extends ReconcilerRequest>(question: Q): Promise<ReconcilerResponses[Q['kind']]> {
    const { replicator, limits } = this.#deps;
    if (this.#pendingRequests >= limits.pendingRequests)
      throw new NoResponseError('too many requests are unanswered; try again later');
    this.#pendingRequests++;
    try {
      return await replicator.askReconciler(question, limits.answerTimeoutMs);
    } finally {
      this.#pendingRequests--;
    }
  }
}

const TOPIC_PATH = '/api/v1/topics/';

const UNDO_PATH = '/api/v1/undo';
