/**
 * Connects by MQTT.js with a stream that is prepared before the first byte is written to it. MQTT.js makes the stream and
 * writes CONNECT in one go. On a websocket each write is a frame, so CONNECT would leave in some twenty frames; where it has
 * an empty field, such as the payload of a will, one of them is empty. Some brokers take an empty frame for the end.
 */

import type { Duplex } from 'node:stream';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { readingAhead } from './read-ahead.ts';

/** As much of the client as has to be reached for: MQTT.js has no option for the stream that it makes of a URL. */
interface WithStreamBuilder {
  streamBuilder: (client: MqttClient) => Duplex;
}

/** @param prepare called with the stream before anything is written to it */
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
