/**
 * A broker that says, or does, other things in answer to CONNECT than the real one behind it: for limits that
 * no broker at hand has.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What is done at a CONNECT of MQTT 5; others pass. */
export type Answer =
  /** The real CONNACK, with these bytes after its properties. */
  | { readonly kind: 'amended'; readonly properties: readonly number[] }
  /** The connection is closed: what some brokers do, older than MQTT 5. */
  | { readonly kind: 'hang-up' }
  /** No answer, and the connection stays open. */
  | { readonly kind: 'silence' };

/** MQTT 5 §3.2.2.3.11: wildcard subscriptions are not available. */
export const NO_WILDCARDS: Answer = { kind: 'amended', properties: [0x28, 0] };

export class OddBroker {
  /** The protocol level of each CONNECT so far. */
  readonly levels: number[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** In front of a broker, on a port of its own. */
  static async before(brokerPort: number, answer: Answer): Promise<OddBroker> {
    const fake = new OddBroker(brokerPort, answer);
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  private constructor(brokerPort: number, answer: Answer) {
    this.#server = createServer({ noDelay: true }, client => {
      this.#sockets.add(client);
      client.on('error', () => client.destroy());
      client.once('data', bytes => {
        const level = protocolLevel(bytes);
        this.levels.push(level);
        if (level !== 5) join(client, bytes, brokerPort, []);
        else if (answer.kind === 'amended') join(client, bytes, brokerPort, answer.properties);
        else if (answer.kind === 'hang-up') client.end();
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
}

function join(client: Socket, first: Buffer, brokerPort: number, properties: readonly number[]): void {
  const broker = connect({ port: brokerPort, host: '127.0.0.1', noDelay: true });
  broker.on('error', () => client.destroy());
  broker.once('close', () => client.destroy());
  client.once('close', () => broker.destroy());
  broker.write(first);
  client.pipe(broker);
  broker.once('data', bytes => {
    client.write(properties.length === 0 ? bytes : amended(bytes, Buffer.from(properties)));
    broker.pipe(client);
  });
}

/**
 * CONNACK of MQTT 5: type, remaining length, flags, reason code, length of the properties, properties. Both
 * lengths are below 128, so one byte each.
 */
function amended(connack: Buffer, properties: Buffer): Buffer {
  const changed = Buffer.concat([connack.subarray(0, 2 + length(connack, 1)), properties]);
  const rest = connack.subarray(2 + length(connack, 1));
  changed.writeUInt8(length(connack, 1) + properties.length, 1);
  changed.writeUInt8(length(connack, 4) + properties.length, 4);
  return Buffer.concat([changed, rest]);
}

function length(connack: Buffer, at: number): number {
  const value = connack.readUInt8(at);
  if (value > 100) throw new Error(`the length ${value} of the CONNACK leaves no room in its byte`);
  return value;
}

/** CONNECT: one byte, the remaining length in one to four bytes, the protocol's name with its length, the level. */
function protocolLevel(connectPacket: Buffer): number {
  let header = 1;
  while ((connectPacket[header] ?? 0) >= 0x80) header++;
  const name = connectPacket.readUInt16BE(header + 1);
  return connectPacket.readUInt8(header + 3 + name);
}
