/** The options of MQTT.js for a connection: those that the user configured, and those that mqttrep must decide itself. */

import { type IClientOptions, Store } from 'mqtt';
import { ClientPacketIds } from '../lane/packet-ids.ts';
import { targetOf } from '../network/target.ts';
import type { ConnectionOptions } from './connection-options.ts';

/** Longest wait for the network connection and the CONNACK, unless configured. */
export const CONNECT_TIMEOUT_MS = 10_000;

/**
 * MQTT 5: how many messages of QoS 1 and 2 a broker may send before the first of them is acknowledged, unless configured.
 * A fast link holds about that many; without this property MQTT allows 65,535.
 */
const RECEIVE_MAXIMUM = 1_000;

export function clientOptions(settings: ConnectionOptions): IClientOptions {
  const { clientId, protocolVersion } = settings;
  const { proxy: _proxy, ...options } = throughTunnel(settings);
  return {
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...options,
    // MQTT.js hands the other TLS options on to websockets, but not this one.
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
    messageIdProvider: new ClientPacketIds(),
    // The default store closes with the client. MQTT.js still handles packets that it has parsed, and would throw.
    outgoingStore: new Store({ clean: false }),
    // MQTT.js formats its debug messages even if nobody reads them.
    log: () => undefined,
  };
}

/** The stream that MQTT.js makes takes the tunnel in place of a socket of its own. */
function throughTunnel({ url, options, tunnel }: ConnectionOptions): ConnectionOptions['options'] {
  if (tunnel === undefined) return options;
  const { scheme } = targetOf({ url, options });
  if (!scheme.startsWith('ws')) return { ...options, socket: tunnel };
  const wsOptions = options['wsOptions'] as object | undefined;
  const through = scheme === 'wss' ? { socket: tunnel } : { createConnection: () => tunnel };
  return { ...options, wsOptions: { ...wsOptions, ...through } };
}

function withReceiveMaximum({ properties }: ConnectionOptions['options']): object {
  return { receiveMaximum: RECEIVE_MAXIMUM, ...(properties as object | undefined) };
}

function withServerName({ servername, wsOptions }: ConnectionOptions['options']): object {
  return { servername, ...(wsOptions as object | undefined) };
}

/** The parts of a URL that MQTT.js misreads. */
export interface Address {
  /** Without credentials, and without a client id in its query. */
  readonly url: string;
  /** Decoded; a part that the URL does not name is left out. */
  readonly credentials: { readonly username?: string; readonly password?: string };
}

/**
 * MQTT.js prefers a client id in the query of the URL to the one in the options. It decodes the credentials before it splits
 * them, and splits at the last colon: a colon in a password would end up in the user name.
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
