/**
 * Connects by MQTT.js with the stream of a lane in place of a socket. MQTT.js makes the stream and writes CONNECT in one turn. On
 * a websocket each write is a frame, so CONNECT would leave in some twenty frames. An empty field of CONNECT, such as the payload
 * of a will, would be an empty frame, which some brokers take for the end.
 */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { Lane, type LaneOptions } from '../lane/lane.ts';
import { SocketTransport } from '../lane/socket-transport.ts';
import { StreamTransport, withHighWaterMark } from '../lane/stream-transport.ts';
import type { Transport, TransportEvents } from '../lane/transport.ts';

/** A private part of the client: MQTT.js has no option for the stream that it makes of a URL. */
interface WithStreamBuilder {
  streamBuilder: (client: MqttClient) => Duplex;
}

const DEFAULT_PORT = 1883;

export function connectWith(
  url: string,
  options: IClientOptions,
  laneOptions: LaneOptions,
): { readonly client: MqttClient; readonly lane: Lane } {
  const client = mqtt.connect(url, { ...options, manualConnect: true });
  const builder = client as unknown as WithStreamBuilder;
  const build = builder.streamBuilder;
  const lane = new Lane(laneOptions, events => transportOf(client, build, events));
  builder.streamBuilder = () => lane.stream;
  client.connect();
  return { client, lane };
}

/** MQTT.js makes the streams of TLS, of websockets and of proxies. */
function transportOf(
  client: MqttClient,
  build: (client: MqttClient) => Duplex,
  events: TransportEvents,
): Transport {
  const {
    protocol = '',
    host,
    hostname = host,
    port = DEFAULT_PORT,
    path,
    servers,
    socksProxy,
  } = client.options;
  const { socket } = client.options as { readonly socket?: Socket };
  const isPlain = protocol === 'mqtt' || protocol === 'tcp';
  if (isPlain && socket !== undefined) return new StreamTransport(socket, events);
  if (isPlain && servers === undefined && socksProxy === undefined)
    return new SocketTransport({ host: hostname || 'localhost', port, path }, events);
  const stream = withHighWaterMark(protocol.startsWith('ws'), () => build(client));
  return new StreamTransport(stream, events);
}
