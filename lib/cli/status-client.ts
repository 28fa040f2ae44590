/** Sends requests to the status server of a running mqttrep. */

import type { Status } from '../status/api.ts';
import { EXIT } from './exit-codes.ts';

const ANSWER_TIMEOUT_MS = 5_000;

export interface Address {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: string | undefined;
}

/** The request was not answered. `unavailable`: no mqttrep answers there. `refused`: mqttrep does not accept it. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  readonly kind: 'unavailable' | 'refused';

  constructor(kind: 'unavailable' | 'refused', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Prints why a request failed, and returns the exit code. Throws every other error again. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof RequestFailed)) throw error;
  process.stderr.write(`mqttrep: ${error.message}\n`);
  return error.kind === 'unavailable' ? EXIT.unavailable : EXIT.failure;
}

/** The whole state. @throws {RequestFailed} (rejects) */
export async function askStatus(address: Address): Promise<Status> {
  const response = await request(address, 'GET', '/api/v1/status');
  const status = await dataIn(response);
  if (isStatus(status)) return status;
  throw notMqttrep(address, response);
}

/**
 * Any request of the API.
 * @throws {RequestFailed} (rejects)
 */
export async function askJson<T>(address: Address, method: 'GET' | 'POST', path: string): Promise<T> {
  const response = await request(address, method, path);
  const data = await dataIn(response);
  if (typeof data !== 'object' || data === null) throw notMqttrep(address, response);
  if ('error' in data) throw new RequestFailed('refused', `${address.url}: ${String(data.error)}`);
  return data as T;
}

async function request({ url, token }: Address, method: 'GET' | 'POST', path: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${url}${path}`, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      redirect: 'error',
    });
  } catch (error) {
    throw new RequestFailed('unavailable', `no mqttrep answers at ${url}: ${reasonOf(error as Error)}`);
  }
  if (response.status !== 401) return response;
  const fix =
    'set MQTTREP_HTTP_TOKEN, or MQTTREP_HTTP_TOKEN_FILE, to the value with which that mqttrep was started';
  throw new RequestFailed('refused', `${url} needs ${token === undefined ? 'a' : 'another'} token; ${fix}`);
}

/** Undefined if the body is not JSON. */
async function dataIn(response: Response): Promise<unknown> {
  return response.json().catch(() => undefined);
}

function notMqttrep({ url }: Address, { status }: Response): RequestFailed {
  return new RequestFailed('unavailable', `the server at ${url} is not mqttrep (status ${status})`);
}

function isStatus(data: unknown): data is Status {
  return (
    typeof data === 'object' &&
    data !== null &&
    'brokers' in data &&
    Array.isArray(data.brokers) &&
    'topics' in data &&
    typeof data.topics === 'object'
  );
}

function reasonOf(error: Error): string {
  if (error.name === 'TimeoutError') return `no answer within ${ANSWER_TIMEOUT_MS / 1000} s`;
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const code = 'code' in cause ? cause.code : undefined;
  return code === 'ECONNREFUSED' ? 'nothing listens there' : cause.message || String(code);
}
