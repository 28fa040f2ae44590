/**
 * A broker that does to packets of one version of MQTT what the real one behind it does not: for faults and limits that
 * no broker at hand has. Packets of other versions pass as they are.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { CONNECT, endOf, levelOf, typeOf } from './packet-bytes.ts';

/**
 * What goes on instead of a packet; or nothing does, or the connection is closed.
 * @param connection its number, from 0
 */
export type Rewrite = (packet: Buffer, connection: number) => Buffer | 'silence' | 'hang-up';

/** What is rewritten, by where it comes from; the rest passes as it is. */
export interface Oddity {
  /** The protocol level that it applies to; default 5. */
  readonly level?: 4 | 5;
  readonly fromClient?: Rewrite;
  readonly fromBroker?: Rewrite;
}

export class PacketRelay {
  /** The protocol level of each CONNECT so far. */
  readonly levels: number[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** In front of a broker, on a port of its own. */
  static async before(brokerPort: number, oddity: Oddity): Promise<PacketRelay> {
    const relay = new PacketRelay(brokerPort, oddity);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  private constructor(brokerPort: number, { level: odd = 5, fromClient = same, fromBroker = same }: Oddity) {
    let connections = 0;
    this.#server = createServer({ noDelay: true }, client => {
      const connection = connections++;
      const broker = connect({ port: brokerPort, host: '127.0.0.1', noDelay: true });
      let level = 0;
      this.#pass(client, broker, packet => {
        if (typeOf(packet) === CONNECT) {
          level = levelOf(packet);
          this.levels.push(level);
        }
        return level === odd ? fromClient(packet, connection) : packet;
      });
      this.#pass(broker, client, packet => (level === odd ? fromBroker(packet, connection) : packet));
    });
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('it is closed');
    return `mqtt://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #pass(from: Socket, to: Socket, rewrite: (packet: Buffer) => ReturnType<Rewrite>): void {
    this.#sockets.add(from);
    let rest: Buffer = Buffer.alloc(0);
    from.on('data', bytes => {
      rest = Buffer.concat([rest, bytes]);
      for (let end = endOf(rest); end !== undefined; end = endOf(rest)) {
        const passed = rewrite(rest.subarray(0, end));
        rest = rest.subarray(end);
        if (passed === 'hang-up') from.end();
        else if (passed !== 'silence') to.write(passed);
      }
    });
    from.on('error', () => from.destroy());
    from.once('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}

function same(packet: Buffer): Buffer {
  return packet;
}
