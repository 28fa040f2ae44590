/**
 * A process with MQTT.js and without mqttrep. It measures what it costs only to read messages. With a second broker,
 * it also passes on the newest message of each topic at each tick, in one process and without any state. It gathers
 * acknowledgements as mqttrep does.
 */

import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import type { BareReading, BareTask } from './client-process.ts';
import { ROOT } from './message.ts';

/** About the properties that mqttrep adds to a message over MQTT 5. */
const STAMP = { 'mqttrep-ts': 'mfx3k2a1.0.V1StGXR8_Z', 'mqttrep-from': 'V1StGXR8_Z' };

let received = 0;
let published = 0;

function open(port: number, onMessage: (packet: IPublishPacket) => void): MqttClient {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
    protocolVersion: 5,
    timerVariant: 'native',
    log: () => undefined,
  });
  let corked = false;
  client.handleMessage = (packet, done) => {
    onMessage(packet);
    if (!corked) {
      corked = true;
      client.stream.cork();
      setImmediate(() => {
        corked = false;
        client.stream.uncork();
      });
    }
    done();
  };
  return client;
}

/** Publishes the messages in `newest` at each tick, and receives its own publishes, as mqttrep does to learn the broker's order. */
function forward(port: number, periodMs: number, newest: Map<string, Buffer>): Promise<void> {
  const client = open(port, () => undefined);
  let inFlight = 0;
  setInterval(() => {
    // Like mqttrep, at most 1,000 at once: a newer message replaces one that waits.
    for (const [topic, payload] of newest) {
      if (inFlight >= 1_000) return;
      newest.delete(topic);
      inFlight++;
      published++;
      client.publish(topic, payload, { qos: 1, retain: true, properties: { userProperties: STAMP } }, () => {
        inFlight--;
      });
    }
  }, periodMs);
  return new Promise(resolve => client.subscribe(`${ROOT}/#`, { qos: 1 }, () => resolve()));
}

process.once('message', async ({ port, to }: BareTask) => {
  const newest = new Map<string, Buffer>();
  if (to !== undefined) await forward(to.port, to.periodMs, newest);
  let before = process.cpuUsage();
  const client = open(port, ({ topic, payload }) => {
    received++;
    if (to !== undefined) newest.set(topic, payload as Buffer);
  });
  client.subscribe(`${ROOT}/#`, { qos: 1 }, () => {
    before = process.cpuUsage();
    process.send?.('subscribed');
  });
  process.on('message', () => {
    const { user, system } = process.cpuUsage(before);
    process.send?.({ received, published, cpuMs: (user + system) / 1000 } satisfies BareReading);
  });
});
