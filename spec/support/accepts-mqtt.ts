/**
 * Whether a broker accepts MQTT connections on a port. The test sends a CONNECT as bytes, since any CONNACK will do: a broker
 * that refuses an anonymous client is ready too.
 */

import { connect } from 'node:net';

/** CONNECT packets by protocol level: clean session, keep-alive of 10 s, the broker chooses the client id. */
const CONNECT_PACKETS = {
  4: Buffer.from('100c00044d5154540402000a0000', 'hex'),
  5: Buffer.from('100d00044d5154540502000a000000', 'hex'),
} as const;

export type ProtocolLevel = keyof typeof CONNECT_PACKETS;

const CONNACK_FIRST_BYTE = 0x20;

/** @param level the protocol level; most brokers accept that of MQTT 3.1.1 */
export function acceptsMqtt(port: number, level: ProtocolLevel = 4, withinMs = 1000): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = (accepted: boolean) => {
      resolve(accepted);
      socket.destroy();
    };
    socket.setTimeout(withinMs, () => answer(false));
    socket.once('connect', () => socket.write(CONNECT_PACKETS[level]));
    socket.once('data', bytes => answer(bytes[0] === CONNACK_FIRST_BYTE));
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
  });
}
