/**
 * The process of MQTT.js without mqttrep: what reading costs before anything is done about it, and, where it is
 * given a second broker, what it costs to hand on the newest message of each topic at each tick, in one process
 * and without any state. Acknowledgements are gathered as mqttrep gathers them.
 */

import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import type { BareReading, BareTask } from './client-process.ts';
import { ROOT } from './message.ts';

/** What mqttrep adds to a message over MQTT 5, about. */
const STAMP = { 'mqttrep-ts': 'mfx3k2a1.0.V1StGXR8_Z', 'mqttrep-from': 'V1StGXR8_Z' };

let received = 0;
let published = 0;

function open(port: number, take: (packet: IPublishPacket) => void): MqttClient {
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
    protocolVersion: 5,
    timerVariant: 'native',
    log: () => undefined,
  });
  let corked = false;
  client.handleMessage = (packet, done) => {
    take(packet);
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

/** Publishes what `newest` holds, and hears it again, as mqttrep does to learn the broker's order. */
function forward(port: number, period: number, newest: Map<string, Buffer>): Promise<void> {
  const client = open(port, () => undefined);
  let onTheirWay = 0;
  setInterval(() => {
    // As mqttrep, no more than 1,000 at once: what waits is replaced by what is newer.
    for (const [topic, payload] of newest) {
      if (onTheirWay >= 1_000) return;
      newest.delete(topic);
      onTheirWay++;
      published++;
      client.publish(topic, payload, { qos: 1, retain: true, properties: { userProperties: STAMP } }, () => {
        onTheirWay--;
      });
    }
  }, period);
  return new Promise(resolve => client.subscribe(`${ROOT}/#`, { qos: 1 }, () => resolve()));
}

process.once('message', async ({ port, to }: BareTask) => {
  const newest = new Map<string, Buffer>();
  if (to !== undefined) await forward(to.port, to.period, newest);
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
    process.send?.({ received, published, cpu: (user + system) / 1000 } satisfies BareReading);
  });
});
