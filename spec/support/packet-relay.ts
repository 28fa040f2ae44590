/**
 * A broker that does to packets of one version of MQTT what the real one behind it does not: for faults and limits that
 * no broker at hand has. Packets of other versions pass as they are.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { CONNECT, endOf, levelOf, typeOf } from './packet-bytes.ts';

/**
 * What goes on instead of a packet; or nothing does, or its sender is answered, or the connection is closed.
 * @param connection its number, from 0
 */
export type Rewrite = (packet: Buffer, connection: number) => Buffer | 'silence' | 'hang-up' | Answer | Last;

/** What the relay itself sends back to where a packet came from, which then goes no further. */
export interface Answer {
  readonly answer: Buffer;
  /** Whether the connection is closed after it. */
  readonly hangsUp?: boolean;
}

/** It passes, and then the connection is closed. */
export interface Last {
  readonly last: Buffer;
}

/** What is rewritten, by where it comes from; the rest passes as it is. */
export interface Oddity {
  /** The protocol level that it applies to; default 5. */
  readonly level?: 4 | 5 | 'any';
  readonly fromClient?: Rewrite;
  readonly fromBroker?: Rewrite;
  /** Called once for each connection that has ended. */
  readonly closed?: (connection: number) => void;
}

export class PacketRelay {
  /** The protocol level of each CONNECT so far. */
  readonly levels: number[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The clients that are connected, by the number of their connection. */
  readonly #clients = new Map<number, Socket>();
  #isOnlyNewest = false;

  /** In front of a broker, on a port of its own. */
  static async before(brokerPort: number, oddity: Oddity): Promise<PacketRelay> {
    const relay = new PacketRelay(brokerPort, oddity);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  private constructor(brokerPort: number, oddity: Oddity) {
    const { level: odd = 5, fromClient = same, fromBroker = same, closed } = oddity;
    const isOdd = (level: number) => odd === 'any' || level === odd;
    let connections = 0;
    this.#server = createServer({ noDelay: true }, client => {
      const connection = connections++;
      if (this.#isOnlyNewest) for (const other of this.#clients.values()) other.destroy();
      const broker = connect({ port: brokerPort, host: '127.0.0.1', noDelay: true });
      let level = 0;
      this.#clients.set(connection, client);
      client.once('close', () => {
        this.#clients.delete(connection);
        closed?.(connection);
      });
      this.#pass(client, broker, packet => {
        if (typeOf(packet) === CONNECT) {
          level = levelOf(packet);
          this.levels.push(level);
        }
        return isOdd(level) ? fromClient(packet, connection) : packet;
      });
      this.#pass(broker, client, packet => (isOdd(level) ? fromBroker(packet, connection) : packet));
    });
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('it is closed');
    return `mqtt://127.0.0.1:${address.port}`;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Sends a client a packet, as if it came from the broker. */
  send(connection: number, packet: Buffer): void {
    this.#clients.get(connection)?.write(packet);
  }

  /** Closes a connection after what was sent on it. */
  hangUp(connection: number): void {
    this.#clients.get(connection)?.end();
  }

  /** From now on whoever connects closes all other connections. */
  onlyNewest(): void {
    this.#isOnlyNewest = true;
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
        else if (Buffer.isBuffer(passed)) to.write(passed);
        else if (passed !== 'silence' && 'last' in passed) {
          to.end(passed.last);
          from.end();
        } else if (passed !== 'silence') this.#answer(from, passed);
      }
    });
    from.on('error', () => from.destroy());
    from.once('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }

  #answer(to: Socket, { answer, hangsUp = false }: Answer): void {
    to.write(answer);
    if (hangsUp) to.end();
  }
}

function same(packet: Buffer): Buffer {
  return packet;
}
