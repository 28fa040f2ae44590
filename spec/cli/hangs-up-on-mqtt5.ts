/** What some brokers do, older than MQTT 5: they close the connection on a CONNECT that they do not know. */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Of the variable header: the length of the protocol's name (2 bytes), the name, the level. */
const nameAt = 2;

export class HangsUpOnMqtt5 {
  /** The protocol level of each CONNECT so far. */
  readonly levels: number[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** In front of a broker that knows better, on a port of its own. */
  static async before(brokerPort: number): Promise<HangsUpOnMqtt5> {
    const fake = new HangsUpOnMqtt5(brokerPort);
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  private constructor(brokerPort: number) {
    this.#server = createServer(client => {
      this.#sockets.add(client);
      client.on('error', () => client.destroy());
      client.once('data', bytes => {
        const level = protocolLevel(bytes);
        this.levels.push(level);
        if (level === 5) client.end();
        else this.#join(client, bytes, brokerPort);
      });
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

  #join(client: Socket, first: Buffer, brokerPort: number): void {
    const broker = connect(brokerPort, '127.0.0.1');
    broker.on('error', () => client.destroy());
    client.once('close', () => broker.destroy());
    broker.write(first);
    client.pipe(broker).pipe(client);
  }
}

/** CONNECT: one byte, the remaining length in one to four bytes, then the variable header. */
function protocolLevel(connectPacket: Buffer): number {
  let header = 1;
  while ((connectPacket[header] ?? 0) >= 0x80) header++;
  const name = connectPacket.readUInt16BE(header + 1);
  return connectPacket.readUInt8(header + 1 + nameAt + name);
}
