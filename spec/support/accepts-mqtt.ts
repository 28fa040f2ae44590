/**
 * Whether a port speaks MQTT yet.
 *
 * Asked with bare bytes, since any CONNACK will do: a broker that refuses an anonymous client is up, too.
 */

import { connect } from 'node:net';

/** CONNECT, by the protocol level: clean session, keep-alive of 10 s, the broker chooses the client id. */
const connectPackets = {
  4: Buffer.from('100c00044d5154540402000a0000', 'hex'),
  5: Buffer.from('100d00044d5154540502000a000000', 'hex'),
} as const;

export type AskedBy = keyof typeof connectPackets;

const connackType = 0x20;

/** @param level of the protocol; most brokers answer to MQTT 3.1.1 */
export function acceptsMqtt(port: number, level: AskedBy = 4, withinMs = 1000): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = (accepted: boolean) => {
      resolve(accepted);
      socket.destroy();
    };
    socket.setTimeout(withinMs, () => answer(false));
    socket.once('connect', () => socket.write(connectPackets[level]));
    socket.once('data', bytes => answer(bytes[0] === connackType));
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
  });
}
