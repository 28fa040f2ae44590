/**
 * Connects by MQTT.js with a stream that is prepared before the first byte is written to it. MQTT.js makes the stream and
 * writes CONNECT in one turn. On a websocket each write is a frame, so CONNECT would leave in some twenty frames. An empty
 * field of CONNECT, such as the payload of a will, would be an empty frame, which some brokers take for the end.
 */

import type { Duplex } from 'node:stream';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { readingAhead } from './read-ahead.ts';

/** A private part of the client: MQTT.js has no option for the stream that it makes of a URL. */
interface WithStreamBuilder {
  streamBuilder: (client: MqttClient) => Duplex;
}

/** @param prepare called with the stream before a byte is written to it */
export function connectWith(
  url: string,
  options: IClientOptions,
  prepare: (stream: Duplex) => void,
): MqttClient {
  const client = mqtt.connect(url, { ...options, manualConnect: true });
  const builder = client as unknown as WithStreamBuilder;
  const build = builder.streamBuilder;
  builder.streamBuilder = ofClient => {
    const stream = build(ofClient);
    prepare(stream);
    return stream;
  };
  readingAhead(() => client.connect());
  return client;
}
