/** A broker that answers pings, but not what it is asked: MQTT.js waits for it as long as the connection stands. */

import type { MqttClient, Packet } from 'mqtt';

/** Milliseconds without a message: some brokers show all that they retain before they acknowledge a SUBSCRIBE. */
const SUBACK_TIMEOUT_MS = 30_000;

/**
 * Milliseconds after which only messages with the retain flag are taken for the replay. Others are written live, and that
 * may go on for ever.
 */
const UNFLAGGED_REPLAY_MS = 2 * 60_000;

/** Calls `silent` once nothing was replayed for half a minute. Returns what ends the watch. */
export function watchSilence(client: MqttClient, silent: (seconds: number) => void): () => void {
  const begin = performance.now();
  let heard = false;
  const hear = (packet: Packet) => {
    if (packet.cmd === 'publish') heard ||= packet.retain || performance.now() - begin < UNFLAGGED_REPLAY_MS;
  };
  const end = () => {
    clearInterval(timer);
    client.off('packetreceive', hear);
  };
  const timer = setInterval(() => {
    if (!heard) {
      end();
      silent(SUBACK_TIMEOUT_MS / 1000);
    }
    heard = false;
  }, SUBACK_TIMEOUT_MS);
  client.on('packetreceive', hear);
  return end;
}
