/**
 * The script itself. Its arguments are the URLs of the brokers. No Local stops its own messages from coming back, and Retain
 * As Published preserves the retain flag; both need MQTT 5. With `--session=NAME` the brokers keep its sessions.
 */

import mqtt, { type IClientOptions } from 'mqtt';
import { ROOT } from '../message.ts';

const SESSION_SECONDS = 86_400;

const session = process.argv.find(word => word.startsWith('--session='))?.slice('--session='.length);
const urls = process.argv.slice(2).filter(word => !word.startsWith('--'));

const clients = urls.map((url, index) => mqtt.connect(url, { protocolVersion: 5, ...kept(index) }));

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

function kept(index: number): IClientOptions {
  if (session === undefined) return {};
  return {
    clean: false,
    clientId: `${session}-${index}`,
    properties: { sessionExpiryInterval: SESSION_SECONDS },
  };
}
