/** Asks a running mqttrep how it is. */

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
export async function askStatus({ url, token }: Address): Promise<Status> {
  let response: Response;
  try {
    response = await fetch(`${url}/api/v1/status`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(LIMIT),
      redirect: 'error',
    });
  } catch (error) {
    throw new NoStatus('unavailable', `no mqttrep answers at ${url}: ${reasonOf(error as Error)}`);
  }
  if (response.status === 401) {
    const mend = 'set MQTTREP_HTTP_TOKEN, or MQTTREP_HTTP_TOKEN_FILE, to what mqttrep was started with';
    throw new NoStatus('refused', `${url} wants ${token === undefined ? 'a' : 'another'} token: ${mend}`);
  }
  const status: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
  if (isStatus(status)) return status;
  throw new NoStatus('unavailable', `what answers at ${url} is no mqttrep (status ${response.status})`);
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
