/** Asks a running mqttrep how it is, and tells it what a person has decided. */

import type { Status } from '../status/api.ts';

/** Milliseconds that an answer may take. */
const LIMIT = 5_000;

export interface Address {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: string | undefined;
}

/** It was not told how all is. `unavailable`: there is no mqttrep that would answer. */
export class NoStatus extends Error {
  override readonly name = 'NoStatus';
  readonly kind: 'unavailable' | 'refused';

  constructor(kind: 'unavailable' | 'refused', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** @throws {NoStatus} (rejects) */
export async function askStatus(address: Address): Promise<Status> {
  const response = await request(address, 'GET', '/api/v1/status');
  const status = await dataIn(response);
  if (isStatus(status)) return status;
  throw isNoMqttrep(address, response);
}

/**
 * Asks for anything, or has something done.
 * @throws {NoStatus} (rejects)
 */
export async function askJson<T>(address: Address, method: 'GET' | 'POST', path: string): Promise<T> {
  const response = await request(address, method, path);
  const data = await dataIn(response);
  if (typeof data !== 'object' || data === null) throw isNoMqttrep(address, response);
  if ('error' in data) throw new NoStatus('refused', `${address.url}: ${String(data.error)}`);
  return data as T;
}

async function request({ url, token }: Address, method: 'GET' | 'POST', path: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${url}${path}`, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(LIMIT),
      redirect: 'error',
    });
  } catch (error) {
    throw new NoStatus('unavailable', `no mqttrep answers at ${url}: ${reasonOf(error as Error)}`);
  }
  if (response.status !== 401) return response;
  const mend = 'set MQTTREP_HTTP_TOKEN, or MQTTREP_HTTP_TOKEN_FILE, to what mqttrep was started with';
  throw new NoStatus('refused', `${url} wants ${token === undefined ? 'a' : 'another'} token: ${mend}`);
}

/** Undefined where it is no JSON. */
async function dataIn(response: Response): Promise<unknown> {
  return response.json().catch(() => undefined);
}

function isNoMqttrep({ url }: Address, { status }: Response): NoStatus {
  return new NoStatus('unavailable', `what answers at ${url} is no mqttrep (status ${status})`);
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
  if (error.name === 'TimeoutError') return `not within ${LIMIT / 1000} s`;
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const code = 'code' in cause ? cause.code : undefined;
  return code === 'ECONNREFUSED' ? 'nothing listens there' : cause.message || String(code);
}
