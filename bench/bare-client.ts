/**
 * The process of a bare MQTT.js subscriber: what reading costs before mqttrep does anything. Acknowledgements
 * are gathered as mqttrep gathers them.
 */

import mqtt from 'mqtt';
import type { BareReading } from './client-process.ts';
import { ROOT } from './message.ts';

process.once('message', (port: number) => {
  let received = 0;
  let corked = false;
  let before = process.cpuUsage();
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5, timerVariant: 'native' });
  client.handleMessage = (_packet, done) => {
    received++;
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
  client.subscribe(`${ROOT}/#`, { qos: 1 }, () => {
    before = process.cpuUsage();
    process.send?.('subscribed');
  });
  process.on('message', () => {
    const { user, system } = process.cpuUsage(before);
    process.send?.({ received, cpu: (user + system) / 1000 } satisfies BareReading);
  });
});
