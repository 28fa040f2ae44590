/**
 * A WebSocket server in front of a real broker, as strict as some brokers: it closes the connection at an empty frame, and at
 * a CONNECT that is not complete in the first frame.
 */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { closeWith, portOf } from './listening-server.ts';
import { endOf } from './packet-bytes.ts';

/** The GUID of the server's handshake (RFC 6455 §1.3). */
const HANDSHAKE = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const BINARY = 2;
const CLOSE = 8;

/** Bytes of a client's frame before the payload, including the mask, by the kind of the length. */
const HEADER_BYTES = { short: 6, medium: 8, long: 14 } as const;

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  /** The end of the frame in the bytes. */
  readonly end: number;
}

type Accepts = (request: { readonly url: string; readonly host: string }) => boolean;

export class WebsocketRelay {
  /** The reasons for which it closed connections. */
  readonly violations: string[] = [];
  /** Connections whose CONNECT came in one frame. */
  connects = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  /** @param accepts whether it takes the request; without it, all of them */
  static async before(brokerPort: number, accepts: Accepts = () => true): Promise<WebsocketRelay> {
    const relay = new WebsocketRelay(brokerPort, accepts);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  private constructor(brokerPort: number, accepts: Accepts) {
    this.#server = createServer();
    this.#server.on('upgrade', ({ headers, url = '' }, socket) => {
      if (!accepts({ url, host: headers.host ?? '' })) {
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        return;
      }
      const proof = createHash('sha1').update(`${headers['sec-websocket-key']}${HANDSHAKE}`).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${proof}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`,
      );
      this.#relay(socket, connect({ host: '127.0.0.1', port: brokerPort, noDelay: true }));
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${portOf(this.#server)}`;
  }

  close(): Promise<void> {
    return closeWith(this.#sockets, this.#server);
  }

  #relay(client: Duplex, broker: Socket): void {
    for (const socket of [client, broker]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        broker.destroy();
      });
    }
    let rest: Buffer = Buffer.alloc(0);
    let isConnected = false;
    client.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      for (let frame = frameOf(rest); frame !== undefined; frame = frameOf(rest)) {
        rest = rest.subarray(frame.end);
        if (frame.opcode === CLOSE) client.destroy();
        if (frame.opcode !== BINARY) continue;
        const violation = violationOf(frame.payload, isConnected);
        if (violation !== undefined) {
          this.violations.push(violation);
          client.destroy();
          return;
        }
        if (!isConnected) this.connects++;
        isConnected = true;
        broker.write(frame.payload);
      }
    });
    broker.on('data', bytes => client.write(framed(bytes)));
  }
}

function violationOf(payload: Buffer, isConnected: boolean): string | undefined {
  if (payload.length === 0) return 'an empty frame';
  const isWhole = isConnected || endOf(payload) !== undefined;
  return isWhole ? undefined : `${payload.length} bytes of CONNECT in its first frame`;
}

/** The first frame of a client; undefined if it is incomplete. */
function frameOf(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const header = short < 126 ? HEADER_BYTES.short : short === 126 ? HEADER_BYTES.medium : HEADER_BYTES.long;
  if (bytes.length < header) return undefined;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const end = header + length;
  if (bytes.length < end) return undefined;
  const mask = bytes.subarray(header - 4, header);
  const payload = bytes.subarray(header, end).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return { opcode: bytes.readUInt8(0) & 0x0f, payload: Buffer.from(payload), end };
}

/** Returns one binary frame of a server. */
function framed(payload: Buffer): Buffer {
  const header = Buffer.alloc(10);
  header.writeUInt8(0x80 | BINARY, 0);
  if (payload.length < 126) {
    header.writeUInt8(payload.length, 1);
    return Buffer.concat([header.subarray(0, 2), payload]);
  }
  header.writeUInt8(127, 1);
  header.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([header, payload]);
}
