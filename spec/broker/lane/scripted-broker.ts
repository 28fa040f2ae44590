/** A broker of which a spec writes the bytes, and reads the packets that it gets. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Connection } from '../../../lib/broker/connection/connection.ts';
import { endOf, PUBACK, PUBLISH, packetIdOf, typeOf } from '../../support/packet-bytes.ts';
import { packetOf, publishBytes } from '../../support/publish-bytes.ts';
import { openConnection } from '../open-connection.ts';

export const NO_PROPERTIES = Buffer.alloc(0);

/** A broker of MQTT 5 that does what the spec does with its socket. */
export class ScriptedBroker {
  /** What the connection sent after CONNECT, packet by packet. */
  readonly sent: Buffer[] = [];
  readonly connection: Connection;
  readonly socket: Socket;
  readonly #close: () => Promise<void>;

  static async start(): Promise<ScriptedBroker> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    const opened = openConnection(`mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, 5);
    const [socket] = (await accepted) as [Socket];
    socket.on('error', () => socket.destroy());
    await once(socket, 'data');
    socket.write(packetOf(0x20, Buffer.from([0, 0, 0])));
    return new ScriptedBroker(await opened, socket, async () => {
      const closed = once(server, 'close');
      server.close();
      socket.destroy();
      await closed;
    });
  }

  private constructor(connection: Connection, socket: Socket, close: () => Promise<void>) {
    this.connection = connection;
    this.socket = socket;
    this.#close = close;
    let rest = Buffer.alloc(0);
    socket.on('data', bytes => {
      rest = Buffer.concat([rest, bytes]);
      for (let end = endOf(rest); end !== undefined; end = endOf(rest)) {
        this.sent.push(rest.subarray(0, end));
        rest = rest.subarray(end);
      }
    });
  }

  /** Sends messages of QoS 1 with these packet identifiers. */
  publish(...ids: readonly number[]): void {
    const messages = ids.map(id => publishBytes({ topic: `t/${id}`, qos: 1, id, properties: NO_PROPERTIES }));
    this.socket.write(Buffer.concat(messages));
  }

  /** The packet identifiers of the messages that were acknowledged, in their order. */
  get acknowledged(): number[] {
    return this.sent.filter(packet => typeOf(packet) === PUBACK).map(packet => packet.readUInt16BE(2));
  }

  /** The packet identifiers of the publishes of QoS 1 that arrived. */
  get published(): number[] {
    return this.sent.filter(packet => typeOf(packet) === PUBLISH).map(packet => packetIdOf(packet) ?? 0);
  }

  async close(): Promise<void> {
    this.connection.destroy();
    await this.#close();
  }
}
