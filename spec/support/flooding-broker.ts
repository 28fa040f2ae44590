/** A broker that answers CONNECT and then floods the client, as fast as the client reads. */

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { closeWith, portOf } from './listening-server.ts';
import { CONNECT, endOf, levelOf, SUBSCRIBE, typeOf } from './packet-bytes.ts';

/** The most bytes that it sends: a client that takes all of them has no bound. */
export const FLOOD_BYTES = 1024 * 2 ** 20;

export interface Flood {
  /** The packet of the client after which the flood begins. */
  readonly at: 'CONNECT' | 'SUBSCRIBE';
  /** The chunks that it sends; endless. */
  readonly chunks: () => Iterable<Buffer>;
}

export class FloodingBroker {
  /** Bytes of the flood that the client has read so far. */
  sent = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #flood: Flood;

  static async start(flood: Flood): Promise<FloodingBroker> {
    const broker = new FloodingBroker(flood);
    broker.#server.listen(0, '127.0.0.1');
    await once(broker.#server, 'listening');
    return broker;
  }

  private constructor(flood: Flood) {
    this.#flood = flood;
    this.#server = createServer(socket => this.#serve(socket));
  }

  get url(): string {
    return `mqtt://127.0.0.1:${portOf(this.#server)}`;
  }

  close(): Promise<void> {
    return closeWith(this.#sockets, this.#server);
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', bytes => {
      rest = Buffer.concat([rest, bytes]);
      for (let end = endOf(rest); end !== undefined; end = endOf(rest)) {
        this.#answer(socket, rest.subarray(0, end));
        rest = rest.subarray(end);
      }
    });
  }

  #answer(socket: Socket, packet: Buffer): void {
    const type = typeOf(packet);
    const isAtConnect = this.#flood.at === 'CONNECT';
    if (type === CONNECT && !isAtConnect) {
      socket.write(Buffer.from(levelOf(packet) === 5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]));
    }
    if (type === (isAtConnect ? CONNECT : SUBSCRIBE)) void this.#pour(socket);
  }

  async #pour(socket: Socket): Promise<void> {
    const closed = new Promise(resolve => socket.once('close', resolve));
    for (const chunk of this.#flood.chunks()) {
      if (socket.destroyed || this.sent > FLOOD_BYTES) return;
      this.sent += chunk.length;
      if (socket.write(chunk)) continue;
      await Promise.race([new Promise(resolve => socket.once('drain', resolve)), closed]);
    }
  }
}

/** The beginning of a packet of the largest size, then zeros. */
export function* hugePacket(first: number): Generator<Buffer> {
  yield Buffer.from([first, 0xff, 0xff, 0xff, 0x7f]);
  for (;;) yield Buffer.alloc(64 * 1024);
}

/** A packet whose length has no last byte, then zeros. */
export function* malformedLength(first: number): Generator<Buffer> {
  yield Buffer.from([first, 0xff, 0xff, 0xff, 0xff, 0xff]);
  for (;;) yield Buffer.alloc(64 * 1024);
}

/** Messages of QoS 2, one for each packet identifier, without a PUBREL. */
export function* unreleased(level: 4 | 5, payloadBytes: number): Generator<Buffer> {
  for (let id = 1; ; id = (id % 65_535) + 1) {
    const body = Buffer.concat([
      Buffer.from([0, 1, 0x74, id >> 8, id & 0xff]),
      Buffer.alloc(level === 5 ? 1 : 0),
      Buffer.alloc(payloadBytes, 'x'),
    ]);
    const length = [(body.length & 0x7f) | 0x80, ((body.length >> 7) & 0x7f) | 0x80, body.length >> 14];
    yield Buffer.concat([Buffer.from([0x34, ...length]), body]);
  }
}
