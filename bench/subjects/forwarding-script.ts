/**
 * The script itself. Its arguments are the URLs of the brokers. No Local stops its own messages from coming back, and Retain
 * As Published preserves the retain flag; both need MQTT 5.
 */

import mqtt from 'mqtt';
import { ROOT } from '../message.ts';

const clients = process.argv.slice(2).map(url => mqtt.connect(url, { protocolVersion: 5 }));

for (const client of clients) {
  const others = clients.filter(other => other !== client);
  client.on('connect', () => {
    client.subscribe(`${ROOT}/#`, { qos: 1, nl: true, rap: true });
  });
  client.on('message', (topic, payload, { qos, retain }) => {
    for (const other of others) other.publish(topic, payload, { qos, retain });
  });
  client.on('error', error => console.error(error.message));
}
