/** Answers to requests, and the headers that all answers have. */

import type { IncomingHttpHeaders } from 'node:http';
import { NoResponseError } from '../supervisor/pending-requests.ts';
import { BadRequest } from './api-requests.ts';
import type { StaticFile } from './static-files.ts';

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The page runs only its own scripts, no site can frame it, and it sends no referrer. */
export const SECURITY_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
} as const;

/** @param bytes the length of the body */
export function headersOf({ status, type, headers }: Reply, bytes: number): Record<string, string | number> {
  return {
    ...SECURITY_HEADERS,
    'Content-Type': type,
    // 304 has no body, so it must not have a length.
    ...(status === 304 ? {} : { 'Content-Length': bytes }),
    ...headers,
  };
}

export function asText(status: number, body: string): Reply {
  return { status, type: 'text/plain; charset=utf-8', body };
}

export function asJson(status: number, data: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(data)}\n`, headers };
}

/** Browsers ask for a file each time, and receive it only if it changed. So the page always has this version. */
export function fileReply(file: StaticFile, request: IncomingHttpHeaders): Reply {
  const { type, etag, plain, gzipped } = file;
  const headers = { ETag: etag, 'Cache-Control': 'no-cache', Vary: 'Accept-Encoding' };
  const known = (request['if-none-match'] ?? '').split(',').map(one => one.trim().replace(/^W\//, ''));
  if (known.includes(etag)) return { status: 304, type, body: '', headers };
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(
    String(request['accept-encoding'] ?? ''),
  );
  if (gzipped === undefined || !takesGzip) return { status: 200, type, body: plain, headers };
  return { status: 200, type, body: gzipped, headers: { ...headers, 'Content-Encoding': 'gzip' } };
}

export const NO_BROKER = asJson(404, { error: 'there is no such broker' });

export const NO_PAGE = asText(
  404,
  `This installation does not have the page (npm run build makes it).
It has /livez, /readyz, /metrics, /api/v1/status, /api/v1/topics, /api/v1/tree and /api/v1/events.
`,
);

/** An unexpected error is a mistake of mqttrep. Its text stays here, since it can contain internals. */
export function replyToError(error: unknown): Reply {
  if (error instanceof BadRequest) return asJson(400, { error: error.message });
  if (error instanceof NoResponseError) return asJson(503, { error: error.message }, { 'Retry-After': '1' });
  return asJson(500, { error: 'mqttrep failed to answer' });
}
