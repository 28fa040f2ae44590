/** The requests of the page to the status server, each with the token if there is one. */

import type {
  ActionResult,
  BrokerDetails,
  TopicDetails,
  TopicLevel,
  TopicList,
  TopicRoute,
} from '../../api.ts';

/** What a person may have done at a broker. */
export type Action = 'compare' | 'retry' | 'pause' | 'resume';

/** The time that an answer may take. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Two clocks agree if they differ by less. */
const TOLERANCE = 5_000;

/** The server refuses the token, or requires one. */
export class TokenRequired extends Error {
  override name = 'TokenRequired';
}

export class NotFound extends Error {
  override name = 'NotFound';
}

export interface TopicQuery {
  readonly filter: string;
  readonly diverging: boolean;
}

export interface PageOf {
  readonly after: string | null;
  readonly limit: number;
}

export class Server {
  readonly #base: string;
  readonly #token: () => string | undefined;
  #skew = 0;

  /** @param base the URL of the server, without a `/` at the end; the page may be served below a path */
  constructor(base: string, token: () => string | undefined) {
    this.#base = base;
    this.#token = token;
  }

  /** Milliseconds that the clock of the browser is ahead of the server's; 0 if the two agree. */
  get skew(): number {
    return this.#skew;
  }

  level(under: string, page: PageOf, signal?: AbortSignal): Promise<TopicLevel> {
    return this.#json('/api/v1/tree', { under, ...parametersOf(page) }, signal);
  }

  topics({ filter, diverging }: TopicQuery, page: PageOf, signal?: AbortSignal): Promise<TopicList> {
    const query = { filter, ...(diverging ? { diverging: 'true' } : {}), ...parametersOf(page) };
    return this.#json('/api/v1/topics', query, signal);
  }

  topic(topic: string, signal?: AbortSignal): Promise<TopicDetails> {
    return this.#json(`/api/v1/topics/${encodeURIComponent(topic)}`, {}, signal);
  }

  route(topic: string, signal?: AbortSignal): Promise<TopicRoute> {
    return this.#json('/api/v1/route', { topic }, signal);
  }

  broker(name: string, signal?: AbortSignal): Promise<BrokerDetails> {
    return this.#json(`/api/v1/brokers/${encodeURIComponent(name)}`, {}, signal);
  }

  /**
   * Has something done at a broker.
   * @throws Error (rejects) with the reason why it did not begin
   */
  async act(broker: string, action: Action): Promise<ActionResult> {
    const path = `/api/v1/brokers/${encodeURIComponent(broker)}/${action}`;
    const answer = await this.#fetch(
      path,
      'application/json',
      AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      'POST',
    );
    return (await answer.json()) as ActionResult;
  }

  /** Sends the decision of a person about the deletions that are held at a broker. */
  async decideDeletions(broker: string, decision: 'confirm' | 'refuse'): Promise<void> {
    const path = `/api/v1/brokers/${encodeURIComponent(broker)}/deletions/${decision}`;
    const answer = await this.#fetch(
      path,
      'application/json',
      AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      'POST',
    );
    await answer.body?.cancel();
  }

  /** The event stream. The caller reads it and aborts it by the signal. */
  async events(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const answer = await this.#fetch('/api/v1/events', 'text/event-stream', signal);
    if (answer.body === null) throw new Error('the answer is empty');
    return answer.body;
  }

  async #json<T>(path: string, query: Record<string, string>, signal: AbortSignal | undefined): Promise<T> {
    const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    const answer = await this.#fetch(`${path}?${new URLSearchParams(query)}`, 'application/json', either);
    return (await answer.json()) as T;
  }

  async #fetch(
    path: string,
    accept: string,
    signal: AbortSignal,
    method: 'GET' | 'POST' = 'GET',
  ): Promise<Response> {
    const token = this.#token();
    const headers = { accept, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    // Without the browser's credentials, so that the page and not a dialog of the browser asks for the token.
    const answer = await fetch(this.#base + path, { method, headers, signal, credentials: 'omit' });
    this.#skew = skewOf(answer.headers.get('date'), Date.now());
    if (answer.ok) return answer;
    if (method === 'POST' && (answer.status === 403 || answer.status === 409))
      throw new Error(await reasonIn(answer));
    await answer.body?.cancel();
    if (answer.status === 401) throw new TokenRequired('the server requires a token');
    if (answer.status === 404) throw new NotFound('not found');
    throw new Error(`the server answers ${answer.status}`);
  }
}

/** Why the server did not do what a person asked for. */
async function reasonIn(answer: Response): Promise<string> {
  try {
    const { error } = (await answer.json()) as { readonly error?: unknown };
    return typeof error === 'string' ? error : `the server answers ${answer.status}`;
  } catch {
    return `the server answers ${answer.status}`;
  }
}

/** The header has whole seconds and an answer takes time, so a difference of a few seconds is no skew. */
function skewOf(date: string | null, now: number): number {
  const skew = date === null ? Number.NaN : now - Date.parse(date);
  return Math.abs(skew) > TOLERANCE ? skew : 0;
}

function parametersOf({ after, limit }: PageOf): Record<string, string> {
  return { limit: String(limit), ...(after === null ? {} : { after }) };
}
