/** A status server for a spec, on a free port, and raw requests to it without an HTTP client. */

import { connect, type Socket } from 'node:net';
import type { HttpConfig } from '../../lib/config/config.ts';
import type { LIMITS } from '../../lib/status/limits.ts';
import { StatusServer } from '../../lib/status/server.ts';
import type { StaticFile } from '../../lib/status/static-files.ts';
import type { FakeReplicator } from './fake-replicator.ts';

export interface Served {
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Instead of the built page, which other specs check. */
const PAGE = pageOf('<!doctype html>');

function pageOf(html: string): ReadonlyMap<string, StaticFile> {
  const index = {
    type: 'text/html; charset=utf-8',
    etag: '"1"',
    plain: Buffer.from(html),
    gzipped: undefined,
  };
  const script = {
    type: 'text/javascript; charset=utf-8',
    etag: '"2"',
    plain: Buffer.from(';'),
    gzipped: undefined,
  };
  return new Map([
    ['/', index],
    ['/page.js', script],
  ]);
}

export async function serve(
  replicator: FakeReplicator,
  http: Partial<HttpConfig> = {},
  limits: Partial<typeof LIMITS> = {},
): Promise<Served> {
  const server = new StatusServer({
    http: {
      host: '127.0.0.1',
      port: 0,
      address: 'chosen',
      token: undefined,
      hosts: [],
      hidesPayloads: false,
      allowsActions: false,
      ...http,
    },
    replicator: replicator.inspected,
    version: '1.2.3',
    mergeFrequency: () => 4,
    files: PAGE,
    limits,
  });
  const url = await server.listen();
  return { url, port: Number(new URL(url).port), close: () => server.close() };
}

/** Sends exactly this text, and resolves with everything received until the other side ends the connection. */
export function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

/** An open connection that sends nothing by itself. */
export function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** The head of a GET request, after which the server closes the connection. */
export function headOf(path: string, ...headers: readonly string[]): string {
  return `GET ${path} HTTP/1.1\r\n${headers.map(one => `${one}\r\n`).join('')}Connection: close\r\n\r\n`;
}
