/**
 * Whether a port speaks MQTT yet.
 *
 * Asked with bare bytes, since any CONNACK will do: a broker that refuses an anonymous client is up, too.
 */

import { connect } from 'node:net';

/** CONNECT of MQTT 3.1.1: clean session, keep-alive of 10 s, the broker chooses the client id. */
const connectPacket = Buffer.from('100c00044d5154540402000a0000', 'hex');
const connackType = 0x20;

export function acceptsMqtt(port: number, withinMs = 1000): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = (accepted: boolean) => {
      resolve(accepted);
      socket.destroy();
    };
    socket.setTimeout(withinMs, () => answer(false));
    socket.once('connect', () => socket.write(connectPacket));
    socket.once('data', bytes => answer(bytes[0] === connackType));
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
  });
}
