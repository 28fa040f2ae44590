/** Opens the client of MQTT.js that a connection is made of, and finds out why it cannot be opened, or why it ended. */

import { Socket } from 'node:net';
import type { ErrorWithReasonCode, MqttClient } from 'mqtt';
import { addressOf, clientOptions } from './client-options.ts';
import { ConnectError } from './connect-error.ts';
import { connectWith } from './connect-with.ts';
import { CLOSED, isParserError, NO_CONNACK } from './connection-errors.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { describeDisconnect, describeError } from './describe-error.ts';
import { gatherWrites } from './gathered-writes.ts';
import { type Limits, limitsOf } from './limits.ts';
import { guardStream, PacketGuard } from './packet-guard.ts';
import { UnreleasedMessages } from './unreleased-messages.ts';

export interface Opened {
  readonly client: MqttClient;
  readonly guard: PacketGuard;
  readonly limits: Limits;
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<string>;
}

/**
 * Error codes of a network connection that stood before it broke. With other codes, of DNS or TLS, it never stood. Without
 * a code the broker hung up, or was silent.
 */
const HUNG_UP: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE']);

/**
 * @param take called in the turn of the CONNACK, so that it misses no message
 * @throws ConnectError when the broker cannot be reached, refuses, or the signal is aborted
 */
export function openClient<Result>(
  settings: ConnectionOptions,
  take: (opened: Opened) => Result,
  signal?: AbortSignal,
): Promise<Result> {
  const { url, credentials } = addressOf(settings.url);
  let reason = CLOSED;
  let networkCode: string | undefined;
  const explain = (error: Error) => {
    reason = describeError(error);
    const { code } = error as { code?: unknown };
    if (typeof code === 'string') networkCode = code;
  };
  const incomingStore = new UnreleasedMessages(settings.largestPayload, overflow => {
    reason = overflow;
    client.end(true);
  });
  const options = { ...clientOptions(settings), ...credentials, incomingStore };
  const guard = new PacketGuard(settings.largestPayload, settings.protocolVersion === 5);
  const client = connectWith(url, options, stream => {
    guardStream(stream, guard, settings.isCurrent);
    gatherWrites(stream);
  });
  return new Promise((resolve, reject) => {
    let connected = false;
    const isReached = watchReached(client.stream);
    const giveUp = () => fail('given up', undefined);
    signal?.addEventListener('abort', giveUp);
    client.once('connect', connack => {
      connected = true;
      signal?.removeEventListener('abort', giveUp);
      disableNagle(client.stream);
      resolve(take({ client, guard, limits: limitsOf(connack, settings.maxQos), closed }));
    });
    client.on('error', error => {
      if (error.message === NO_CONNACK) reason = describeTimeout(client, isReached());
      else explain(error);
      if (isParserError(error) && (connected || guard.broken !== undefined)) {
        reason = `the broker broke the protocol (${guard.broken ?? reason})`;
      }
      if (!connected) fail(reason, (error as Partial<ErrorWithReasonCode>).code);
    });
    // MQTT.js does not tell why a websocket is refused.
    client.stream.on('error', error => {
      if (!connected && reason === CLOSED) explain(error);
    });
    client.on('disconnect', packet => {
      reason = describeDisconnect(packet);
    });
    const closed = new Promise<string>(ended => {
      client.once('close', () => {
        client.end(true);
        ended(reason);
        if (!connected) fail(reason, undefined);
      });
    });
    const fail = (message: string, code: unknown) => {
      signal?.removeEventListener('abort', giveUp);
      client.end(true);
      const wasConnected = (code === undefined && isReached()) || HUNG_UP.has(code);
      const failure = { code: typeof code === 'number' ? code : undefined, wasConnected };
      reject(new ConnectError(message, failure, networkCode));
    };
    if (signal?.aborted === true) giveUp();
  });
}

/**
 * MQTT.js leaves Nagle's algorithm on: it would hold a PUBLISH back until the broker's host acknowledges the PUBACK before
 * it. Websockets switch it off by themselves.
 */
function disableNagle(stream: object): void {
  if (stream instanceof Socket) stream.setNoDelay(true);
}

function describeTimeout({ options }: MqttClient, isReached: boolean): string {
  const missing = isReached ? 'no answer to CONNECT' : 'no network connection';
  return `${missing} within ${(options.connectTimeout ?? 0) / 1000} s`;
}

/** Returns a function that tells whether the network connection has stood. A websocket always counts as reached. */
function watchReached(stream: object): () => boolean {
  if (!(stream instanceof Socket) || !stream.connecting) return () => true;
  let isReached = false;
  stream.once('connect', () => {
    isReached = true;
  });
  return () => isReached;
}
