/** What a URL of the API asks of the reconciler. */

import type { EventRequest } from '../protocol/event-messages.ts';
import type { DeletionsDecided, ReconcilerRequest } from '../protocol/requests.ts';

/** The URL is wrong; the message tells why. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

const MAX_ROWS = 200;
const DEFAULT_ROWS = 100;

/** MQTT has no longer topic. */
const MAX_TOPIC_BYTES = 65_535;

/** @throws {BadRequest} */
export function topicsRequest(query: URLSearchParams): ReconcilerRequest & { kind: 'topics' } {
  return {
    kind: 'topics',
    filter: textIn(query, 'filter') ?? '',
    which: flagIn(query, 'diverging') ? 'diverging' : 'all',
    after: textIn(query, 'after'),
    limit: limitIn(query),
  };
}

/** @throws {BadRequest} */
export function levelRequest(query: URLSearchParams): ReconcilerRequest & { kind: 'level' } {
  const under = textIn(query, 'under') ?? '';
  if (under !== '' && !under.endsWith('/')) throw new BadRequest('`under` must end in a /');
  return { kind: 'level', under, after: textIn(query, 'after'), limit: limitIn(query) };
}

/** @throws {BadRequest} */
export function topicRequest(encoded: string): ReconcilerRequest & { kind: 'topic' } {
  try {
    return { kind: 'topic', topic: decodeURIComponent(encoded) };
  } catch {
    throw new BadRequest('the percent-encoding of the topic is wrong');
  }
}

/** @throws {BadRequest} */
export function trashRequest(query: URLSearchParams): ReconcilerRequest & { kind: 'trash' } {
  return { kind: 'trash', filter: textIn(query, 'filter') ?? '' };
}

/** @throws {BadRequest} */
export function undoOrder(query: URLSearchParams): ReconcilerRequest & { kind: 'undo' } {
  const filter = textIn(query, 'filter') ?? '';
  if (filter === '') throw new BadRequest('`filter` must be a topic or a topic filter');
  return { kind: 'undo', filter };
}

/** `/api/v1/brokers/{name}/deletions/confirm`, or `refuse`. */
const DECISION_PATH = /^\/api\/v1\/brokers\/([^/]+)\/deletions\/(confirm|refuse)$/;

/** Whether the path is a decision about held deletions. */
export function isDecision(path: string): boolean {
  return DECISION_PATH.test(path);
}

/** @throws {BadRequest} */
export function decisionIn(path: string): DeletionsDecided {
  const [, encoded = '', decision] = DECISION_PATH.exec(path) ?? [];
  return {
    kind: 'deletions',
    broker: brokerName(encoded),
    decision: decision === 'refuse' ? 'refuse' : 'confirm',
  };
}

const FORGET_PATH = /^\/api\/v1\/brokers\/([^/]+)\/events\/forget$/;

/** Whether the path removes the event session of a broker. */
export function isForget(path: string): boolean {
  return FORGET_PATH.test(path);
}

/** @throws {BadRequest} */
export function forgetIn(path: string): EventRequest & { readonly kind: 'forget' } {
  const [, encoded = ''] = FORGET_PATH.exec(path) ?? [];
  return { kind: 'forget', broker: brokerName(encoded) };
}

function brokerName(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new BadRequest('the percent-encoding of the broker name is wrong');
  }
}

/** @throws {BadRequest} */
export function textIn(query: URLSearchParams, name: string): string | null {
  const text = query.get(name);
  if (text !== null && text.length > MAX_TOPIC_BYTES) throw new BadRequest(`\`${name}\` is too long`);
  return text;
}

function flagIn(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? 'false';
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0' || text === '') return false;
  throw new BadRequest(`\`${name}\` must be true or false`);
}

function limitIn(query: URLSearchParams): number {
  const text = query.get('limit');
  const limit = text === null ? DEFAULT_ROWS : /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (limit >= 1 && limit <= MAX_ROWS) return limit;
  throw new BadRequest(`\`limit\` must be from 1 to ${MAX_ROWS}`);
}
