/**
 * A relay in front of a real broker that gives it a quirk: it changes, drops or answers packets of one MQTT version. So specs
 * can cover faults and limits that no installed broker has. Packets of other versions pass unchanged.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { closeWith, portOf } from './listening-server.ts';
import { CONNECT, endOf, levelOf, typeOf } from './packet-bytes.ts';

/**
 * Returns the packet to forward in place of a packet; or what to do instead.
 * - `silence`: forward nothing
 * - `hang-up`: close the connection
 * @param connection the number of the connection, from 0
 */
export type Rewrite = (packet: Buffer, connection: number) => Buffer | 'silence' | 'hang-up' | Answer | Last;

/** The relay answers the sender of a packet and does not forward the packet. */
export interface Answer {
  readonly answer: Buffer;
  /** Whether it closes the connection after the answer. */
  readonly hangsUp?: boolean;
}

/** The relay forwards this packet and then closes the connection. */
export interface Last {
  readonly last: Buffer;
}

/** What the relay does to packets, by their direction. Other packets pass unchanged. */
export interface Quirk {
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
  /** The sockets of connected clients, by the number of the connection. */
  readonly #clients = new Map<number, Socket>();
  #keepsOnlyNewest = false;

  /** Starts a relay in front of a broker, on a port of its own. */
  static async before(brokerPort: number, quirk: Quirk): Promise<PacketRelay> {
    const relay = new PacketRelay(brokerPort, quirk);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  private constructor(brokerPort: number, quirk: Quirk) {
    const { level: quirkLevel = 5, fromClient = unchanged, fromBroker = unchanged, closed } = quirk;
    const hasQuirk = (level: number) => quirkLevel === 'any' || level === quirkLevel;
    let connections = 0;
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, client => {
      const connection = connections++;
      if (this.#keepsOnlyNewest) for (const other of this.#clients.values()) other.destroy();
      const broker = connect({ port: brokerPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
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
        return hasQuirk(level) ? fromClient(packet, connection) : packet;
      });
      this.#pass(broker, client, packet => (hasQuirk(level) ? fromBroker(packet, connection) : packet));
    });
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return portOf(this.#server);
  }

  /** Sends a packet to a client as if it came from the broker. */
  send(connection: number, packet: Buffer): void {
    this.#clients.get(connection)?.write(packet);
  }

  /** Closes a connection once all that was sent on it has been written. */
  hangUp(connection: number): void {
    this.#clients.get(connection)?.end();
  }

  /** From now on each new connection closes all others. */
  onlyNewest(): void {
    this.#keepsOnlyNewest = true;
  }

  close(): Promise<void> {
    return closeWith(this.#sockets, this.#server);
  }

  #pass(from: Socket, to: Socket, rewrite: (packet: Buffer) => ReturnType<Rewrite>): void {
    this.#sockets.add(from);
    let rest: Buffer = Buffer.alloc(0);
    from.on('data', bytes => {
      rest = Buffer.concat([rest, bytes]);
      for (let end = endOf(rest); end !== undefined; end = endOf(rest)) {
        const result = rewrite(rest.subarray(0, end));
        rest = rest.subarray(end);
        if (result === 'hang-up') from.end();
        else if (Buffer.isBuffer(result)) to.write(result);
        else if (result !== 'silence' && 'last' in result) {
          to.end(result.last);
          from.end();
        } else if (result !== 'silence') this.#answer(from, result);
      }
    });
    from.on('error', () => from.destroy());
    // The other direction stays open until its end: a broker that cannot write any more reads no DISCONNECT.
    from.on('end', () => to.end());
    from.once('close', () => {
      this.#sockets.delete(from);
      to.destroySoon();
    });
  }

  #answer(to: Socket, { answer, hangsUp = false }: Answer): void {
    to.write(answer);
    if (hangsUp) to.end();
  }
}

function unchanged(packet: Buffer): Buffer {
  return packet;
}
