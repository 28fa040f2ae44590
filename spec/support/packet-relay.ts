/**
 * A broker that does to packets of MQTT 5 what the real one behind it does not: for faults that no broker at hand
 * has. Packets of other versions pass as they are.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of a packet. */
export type Rewrite = (packet: Buffer) => Buffer;

export interface Rewrites {
  readonly fromClient?: Rewrite;
  readonly fromBroker?: Rewrite;
}

const CONNECT = 1;
const PUBACK = 4;
const SUBSCRIBE = 8;
const RETAIN_AS_PUBLISHED = 0b1000;

/** Live messages lose their retain flag on their way to subscriptions with wildcards, as at Artemis. */
export const DROPS_LIVE_FLAGS: Rewrites = { fromClient: withoutRetainAsPublished };

/** PUBACK has the reason code 0x01, which MQTT 5 does not know, as Mochi's has. */
export const BREAKS_PUBACKS: Rewrites = {
  fromBroker: packet =>
    typeOf(packet) === PUBACK ? Buffer.from([PUBACK << 4, 3, ...packet.subarray(2, 4), 0x01]) : packet,
};

export class PacketRelay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** In front of a broker, on a port of its own. */
  static async before(brokerPort: number, rewrites: Rewrites): Promise<PacketRelay> {
    const relay = new PacketRelay(brokerPort, rewrites);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  private constructor(brokerPort: number, { fromClient = same, fromBroker = same }: Rewrites) {
    this.#server = createServer({ noDelay: true }, client => {
      const broker = connect({ port: brokerPort, host: '127.0.0.1', noDelay: true });
      let isMqtt5 = false;
      this.#pass(client, broker, packet => {
        if (typeOf(packet) === CONNECT) isMqtt5 = levelOf(packet) === 5;
        return isMqtt5 ? fromClient(packet) : packet;
      });
      this.#pass(broker, client, packet => (isMqtt5 ? fromBroker(packet) : packet));
    });
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('it is closed');
    return `mqtt://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #pass(from: Socket, to: Socket, rewrite: Rewrite): void {
    this.#sockets.add(from);
    let rest: Buffer = Buffer.alloc(0);
    from.on('data', bytes => {
      rest = Buffer.concat([rest, bytes]);
      for (let end = endOf(rest); end !== undefined; end = endOf(rest)) {
        to.write(rewrite(rest.subarray(0, end)));
        rest = rest.subarray(end);
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

function typeOf(packet: Buffer): number {
  return packet.readUInt8(0) >> 4;
}

/** A number of one to four bytes, of seven bits each, and where it ends; undefined where it is not whole. */
function variable(bytes: Buffer, at: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 4; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return { value, end: at + index + 1 };
  }
  throw new RangeError('a length of more than four bytes');
}

/** Where the first packet ends; undefined where it is not whole. */
function endOf(bytes: Buffer): number | undefined {
  const length = variable(bytes, 1);
  if (length === undefined) return undefined;
  const end = length.end + length.value;
  return end <= bytes.length ? end : undefined;
}

/** The protocol level of a CONNECT, behind the name of the protocol. */
function levelOf(packet: Buffer): number {
  const start = variable(packet, 1)?.end ?? 0;
  return packet.readUInt8(start + 2 + packet.readUInt16BE(start));
}

/** SUBSCRIBE: packet identifier, properties, and for each filter its length, itself and a byte of options. */
function withoutRetainAsPublished(packet: Buffer): Buffer {
  if (typeOf(packet) !== SUBSCRIBE) return packet;
  const changed = Buffer.from(packet);
  const properties = variable(changed, (variable(changed, 1)?.end ?? 0) + 2);
  let at = (properties?.end ?? 0) + (properties?.value ?? 0);
  while (at < changed.length) {
    const options = at + 2 + changed.readUInt16BE(at);
    const isWild = /[+#]/.test(changed.toString('utf8', at + 2, options));
    if (isWild) changed.writeUInt8(changed.readUInt8(options) & ~RETAIN_AS_PUBLISHED, options);
    at = options + 1;
  }
  return changed;
}
