/** A broker that answers pings, but not what it is asked: MQTT.js waits for it as long as the connection stands. */

import type { MqttClient, Packet } from 'mqtt';

/** Milliseconds without a message: some brokers show all that they retain before they acknowledge a SUBSCRIBE. */
const LIMIT = 30_000;

/** Calls `silent` once nothing was delivered for half a minute. Returns what ends the watch. */
export function watchSilence(client: MqttClient, silent: (seconds: number) => void): () => void {
  let heard = false;
  const hear = ({ cmd }: Packet) => {
    heard ||= cmd === 'publish';
  };
  const end = () => {
    clearInterval(timer);
    client.off('packetreceive', hear);
  };
  const timer = setInterval(() => {
    if (!heard) {
      end();
      silent(LIMIT / 1000);
    }
    heard = false;
  }, LIMIT);
  client.on('packetreceive', hear);
  return end;
}
