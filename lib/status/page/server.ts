/** What the page asks the status server for. Everything carries the token, where there is one. */

import type { TopicDetails, TopicLevel, TopicList } from '../api.ts';

/** Milliseconds that an answer may take. */
const LIMIT = 10_000;

/** Milliseconds between two clocks that agree. */
const TOLERANCE = 5_000;

/** The server wants another token than the one that it was given. */
export class TokenWanted extends Error {
  override name = 'TokenWanted';
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

  /** @param base where the server is, without a `/` at the end; '' for where the page came from */
  constructor(base: string, token: () => string | undefined) {
    this.#base = base;
    this.#token = token;
  }

  /** Milliseconds by which the clock here is ahead of the server's; 0 while they agree as far as can be told. */
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

  /** Tells what a person has decided about the deletions that are held at a broker. */
  async decideDeletions(broker: string, decision: 'confirm' | 'refuse'): Promise<void> {
    const path = `/api/v1/brokers/${encodeURIComponent(broker)}/deletions/${decision}`;
    const answer = await this.#fetch(path, 'application/json', AbortSignal.timeout(LIMIT), 'POST');
    await answer.body?.cancel();
  }

  /** The stream of events; the caller reads it, and gives it up by the signal. */
  async events(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const answer = await this.#fetch('/api/v1/events', 'text/event-stream', signal);
    if (answer.body === null) throw new Error('the answer is empty');
    return answer.body;
  }

  async #json<T>(path: string, query: Record<string, string>, signal: AbortSignal | undefined): Promise<T> {
    const limit = AbortSignal.timeout(LIMIT);
    const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
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
    // Without the browser's own credentials: a refusal is then answered by the page, not by a dialog.
    const answer = await fetch(this.#base + path, { method, headers, signal, credentials: 'omit' });
    this.#skew = skewOf(answer.headers.get('date'), Date.now());
    if (answer.ok) return answer;
    await answer.body?.cancel();
    if (answer.status === 401) throw new TokenWanted('a token is wanted');
    if (answer.status === 404) throw new NotFound('there is no such thing');
    throw new Error(`it answers ${answer.status}`);
  }
}

/** The header has whole seconds, and an answer takes its time: what is less than a few seconds is no skew. */
function skewOf(date: string | null, now: number): number {
  const skew = date === null ? Number.NaN : now - Date.parse(date);
  return Math.abs(skew) > TOLERANCE ? skew : 0;
}

function parametersOf({ after, limit }: PageOf): Record<string, string> {
  return { limit: String(limit), ...(after === null ? {} : { after }) };
}
