/**
 * Finds out what a server speaks at a port, if a connection failed for no clear reason: most likely the scheme or the port in
 * the URL is wrong. It sends the CONNECT of a client without a name, once as it is and once in TLS, and looks at the first
 * byte of the answer.
 */

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What is spoken, with or without TLS: the schemes of URLs; `web` may be a websocket or another web server. */
export interface Spoken {
  readonly protocol: 'mqtt' | 'web' | 'unknown';
  readonly isTls: boolean;
}

const ANSWER_TIMEOUT_MS = 2_000;

/** MQTT 3.1.1, clean session, no client id, keepalive 10 s. */
const CONNECT = Buffer.from([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 10, 0, 0]);
const CONNACK = 0x20;
/** `H` of `HTTP/1.1 400`. */
const HTTP = 0x48;

/** Undefined if the server says nothing that is known. Never rejects. */
export async function spokenAt(host: string, port: number): Promise<Spoken | undefined> {
  const [plain, inTls] = await Promise.all([
    answerOf(connectTcp({ host, port }), 'connect'),
    // Only the protocol is asked for, and nothing secret is sent. So the certificate does not matter.
    answerOf(connectTls({ host, port, rejectUnauthorized: false, ...serverName(host) }), 'secureConnect'),
  ]);
  if (plain.protocol !== 'unknown') return { protocol: plain.protocol, isTls: false };
  return inTls.isOpen ? { protocol: inTls.protocol, isTls: true } : undefined;
}

interface Answer {
  /** The connection stood, in TLS with the handshake. */
  readonly isOpen: boolean;
  readonly protocol: Spoken['protocol'];
}

function answerOf(socket: Socket, opened: 'connect' | 'secureConnect'): Promise<Answer> {
  return new Promise(resolve => {
    let isOpen = false;
    const end = (protocol: Spoken['protocol']) => {
      clearTimeout(timeout);
      socket.destroy();
      resolve({ isOpen, protocol });
    };
    const timeout = setTimeout(() => end('unknown'), ANSWER_TIMEOUT_MS);
    socket.once(opened, () => {
      isOpen = true;
      socket.write(CONNECT);
    });
    socket.once('data', ([first]: Buffer) => {
      end(first === CONNACK ? 'mqtt' : first === HTTP ? 'web' : 'unknown');
    });
    socket.on('error', () => end('unknown'));
    socket.once('close', () => end('unknown'));
  });
}

/** An IP address is no name for SNI. */
function serverName(host: string): { readonly servername?: string } {
  return /^[\d.]+$|:/.test(host) ? {} : { servername: host };
}
