/** What MQTT.js is told of a connection: what the user configured, and what mqttrep must decide itself. */

import { type IClientOptions, Store } from 'mqtt';
import type { ConnectionOptions } from './connection.ts';

/** Longest wait for the network connection and the CONNACK, in milliseconds, unless configured. */
const CONNECT_LIMIT = 10_000;

/**
 * Over MQTT 5, messages of QoS 1 and 2 that a broker may send before the first of them is acknowledged, unless configured:
 * as much as a fast link holds, and far less than the 65,535 that MQTT allows where nothing is said.
 */
const RECEIVE_MAXIMUM = 1_000;

export function clientOptions({ options, clientId, protocolVersion }: ConnectionOptions): IClientOptions {
  return {
    connectTimeout: CONNECT_LIMIT,
    ...options,
    // MQTT.js hands the other options of TLS on to websockets, but not this one.
    ...('servername' in options ? { wsOptions: withServerName(options) } : {}),
    ...(protocolVersion === 5 ? { properties: withReceiveMaximum(options) } : {}),
    clientId,
    protocolVersion,
    protocolId: protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
    // Worker threads look like browsers to the automatic choice.
    timerVariant: 'native',
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // By default it is gone when the client ends; MQTT.js goes on with packets that it has parsed, and throws at that.
    outgoingStore: new Store({ clean: false }),
    // MQTT.js formats its debug messages even where nobody reads them.
    log: () => undefined,
  };
}

function withReceiveMaximum({ properties }: ConnectionOptions['options']): object {
  return { receiveMaximum: RECEIVE_MAXIMUM, ...(properties as object | undefined) };
}

function withServerName({ servername, wsOptions }: ConnectionOptions['options']): object {
  return { servername, ...(wsOptions as object | undefined) };
}

/** What MQTT.js reads of a URL otherwise than it is meant. */
export interface Address {
  /** Without credentials, and without a client id in its query. */
  readonly url: string;
  /** Decoded; without what the URL does not name. */
  readonly credentials: { readonly username?: string; readonly password?: string };
}

/**
 * MQTT.js takes a client id in the query of the URL for more than the one in the options. It decodes the credentials
 * before it splits them, and splits at the last colon, so that a colon in a password ends up in the user name.
 */
export function addressOf(url: string): Address {
  const parsed = new URL(url);
  const { username, password } = parsed;
  const hasClientId = parsed.searchParams.has('clientId');
  if (!hasClientId && username === '' && password === '') return { url, credentials: {} };
  if (hasClientId) parsed.searchParams.delete('clientId');
  parsed.username = '';
  parsed.password = '';
  return {
    url: parsed.href,
    credentials: {
      ...(username !== '' && { username: decodeURIComponent(username) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
    },
  };
}
