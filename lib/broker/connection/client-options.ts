/** What MQTT.js is told of a connection: what the user configured, and what mqttrep must decide itself. */

import { type IClientOptions, Store } from 'mqtt';
import type { ConnectionOptions } from './connection.ts';

/** Longest wait for the network connection and the CONNACK, in milliseconds, unless configured. */
const CONNECT_LIMIT = 10_000;

export function clientOptions({ options, clientId, protocolVersion }: ConnectionOptions): IClientOptions {
  return {
    connectTimeout: CONNECT_LIMIT,
    ...options,
    // MQTT.js hands the other options of TLS on to websockets, but not this one.
    ...('servername' in options ? { wsOptions: withServerName(options) } : {}),
    clientId,
    protocolVersion,
    protocolId: protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
    // Worker threads look like browsers to the automatic choice.
    timerVariant: 'native',
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // By default they are gone when the client ends; MQTT.js goes on with packets that it has parsed, and throws at that.
    incomingStore: new Store({ clean: false }),
    outgoingStore: new Store({ clean: false }),
    // MQTT.js formats its debug messages even where nobody reads them.
    log: () => undefined,
  };
}

function withServerName({ servername, wsOptions }: ConnectionOptions['options']): object {
  return { servername, ...(wsOptions as object | undefined) };
}

/** MQTT.js takes a client id in the query of the URL for more than the one in the options. */
export function withoutClientId(url: string): string {
  if (!url.includes('clientId=')) return url;
  const parsed = new URL(url);
  parsed.searchParams.delete('clientId');
  return parsed.href;
}
