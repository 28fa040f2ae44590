/** Opens the client of MQTT.js that a connection is made of, and finds out why it cannot be opened, or why it ended. */

import type { ErrorWithReasonCode, MqttClient } from 'mqtt';
import type { Lane } from '../lane/lane.ts';
import { ConnectError } from '../network/connect-error.ts';
import { CLOSED, isParserError, NO_CONNACK } from '../network/connection-errors.ts';
import { describeDisconnect, describeError } from '../network/describe-error.ts';
import { addressOf, clientOptions } from './client-options.ts';
import { connectWith } from './connect-with.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { type Limits, limitsOf } from './limits.ts';
import { UnreleasedMessages } from './unreleased-messages.ts';

export interface Opened {
  readonly client: MqttClient;
  readonly lane: Lane;
  readonly limits: Limits;
  readonly session: SessionAtBroker;
  /** The reason code of the broker's DISCONNECT (MQTT 5); undefined without one. */
  readonly disconnectCode: () => number | undefined;
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<string>;
}

/** What CONNACK tells of the session that the broker keeps for the client id. */
export interface SessionAtBroker {
  readonly isPresent: boolean;
  /** The Session Expiry Interval in seconds that the broker chose instead of the one it was asked for. */
  readonly expiry: number | undefined;
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
  let disconnectCode: number | undefined;
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
  const { client, lane } = connectWith(url, options, {
    mqtt5: settings.protocolVersion === 5,
    largestPayload: settings.largestPayload,
    isCurrent: settings.isCurrent ?? (() => true),
    broken: violation => client.emit('error', new Error(violation)),
  });
  return new Promise((resolve, reject) => {
    let connected = false;
    const giveUp = () => fail('given up', undefined);
    signal?.addEventListener('abort', giveUp);
    client.once('connect', connack => {
      connected = true;
      signal?.removeEventListener('abort', giveUp);
      const limits = limitsOf(connack, settings);
      const session = {
        isPresent: connack.sessionPresent,
        expiry: connack.properties?.sessionExpiryInterval,
      };
      resolve(take({ client, lane, limits, session, disconnectCode: () => disconnectCode, closed }));
    });
    client.on('error', error => {
      if (error.message === NO_CONNACK) reason = describeTimeout(client, lane.isReached);
      else explain(error);
      if (isParserError(error) && (connected || lane.broken !== undefined)) {
        reason = `the broker broke the protocol (${lane.broken ?? reason})`;
      }
      if (!connected) fail(reason, (error as Partial<ErrorWithReasonCode>).code);
    });
    // MQTT.js does not tell why a websocket is refused.
    client.stream.on('error', error => {
      if (!connected && reason === CLOSED) explain(error);
    });
    client.on('disconnect', packet => {
      reason = describeDisconnect(packet);
      disconnectCode = packet.reasonCode;
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
      const wasConnected = (code === undefined && lane.isReached) || HUNG_UP.has(code);
      const failure = { code: typeof code === 'number' ? code : undefined, wasConnected };
      reject(new ConnectError(message, failure, networkCode));
    };
    if (signal?.aborted === true) giveUp();
  });
}

function describeTimeout({ options }: MqttClient, isReached: boolean): string {
  const missing = isReached ? 'no answer to CONNECT' : 'no network connection';
  return `${missing} within ${(options.connectTimeout ?? 0) / 1000} s`;
}
