/**
 * A broker that is hostile for a while: a relay in front of a real one, which mutates the packets of that broker, and sends more.
 * After that it passes everything unchanged.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { portOf } from '../../support/listening-server.ts';
import { CONNECT, endOf, headerOf, levelOf, typeOf } from '../../support/packet-bytes.ts';
import { publishBytes } from '../../support/publish-bytes.ts';
import type { Chance } from './chance.ts';
import { anyPacket, soundProperties } from './hostile-packets.ts';
import { mutated } from './mutations.ts';
import { Oracle, PLAIN } from './oracle.ts';

export interface HostileOptions {
  readonly brokerPort: number;
  readonly chance: Chance;
  /** Of the main connection; there are others beside it. */
  readonly clientId: string;
  /** The topics of plain messages begin with it. */
  readonly prefix: string;
}

interface Link {
  readonly client: Socket;
  readonly broker: Socket;
  isMain: boolean;
  mqtt5: boolean;
  oracle: Oracle | undefined;
}

export class HostileRelay {
  /** What the main connections delivered, in their order. */
  readonly oracles: Oracle[] = [];
  isHostile = true;
  readonly #options: HostileOptions;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  /** Of this round: some rounds are nearly honest, so that sessions get far. */
  readonly #rate: number;
  #plain = 0;

  static async before(options: HostileOptions): Promise<HostileRelay> {
    const relay = new HostileRelay(options);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  private constructor(options: HostileOptions) {
    this.#options = options;
    this.#rate = options.chance.pick([0, 0.01, 0.05, 0.3]);
    this.#server = createServer({ noDelay: true }, client => this.#accept(client));
  }

  get url(): string {
    return `mqtt://127.0.0.1:${portOf(this.#server)}`;
  }

  /** Sends something unrequested on some connection. */
  inject(): void {
    const { chance, prefix } = this.#options;
    const links = [...this.#links].filter(
      ({ oracle, isMain }) => !isMain || (oracle?.isConnected === true && !oracle.isBroken),
    );
    if (links.length === 0) return;
    const link = chance.pick(links);
    if (link.isMain && chance.happens(0.6)) {
      const topic = `${prefix}/plain/${this.#plain}`;
      const payload = `${PLAIN}${this.#plain++}`;
      const properties = link.mqtt5 ? soundProperties(chance) : undefined;
      this.#send(link, publishBytes({ topic, payload, qos: chance.pick([0, 1]), id: 999, properties }));
    } else {
      this.#send(link, anyPacket(chance, link.mqtt5));
    }
  }

  /** Cuts all connections; later ones are honest. */
  repent(): void {
    this.isHostile = false;
    for (const { client } of this.#links) client.destroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const { client } of this.#links) client.destroy();
    await closed;
  }

  #accept(client: Socket): void {
    const broker = connect({ port: this.#options.brokerPort, host: '127.0.0.1', noDelay: true });
    const link: Link = { client, broker, isMain: false, mqtt5: false, oracle: undefined };
    this.#links.add(link);
    onPackets(client, packet => {
      if (typeOf(packet) === CONNECT) this.#introduced(link, packet);
      broker.write(packet);
    });
    onPackets(broker, packet => this.#pass(link, packet));
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      one.on('error', () => one.destroy());
      one.once('close', () => {
        this.#links.delete(link);
        other.destroy();
      });
    }
  }

  #introduced(link: Link, packet: Buffer): void {
    const { clientId } = this.#options;
    link.mqtt5 = levelOf(packet) === 5;
    // The client ids of other connections have a suffix.
    link.isMain = packet.includes(clientId) && !packet.includes(`${clientId}_`, headerOf(packet));
    if (!link.isMain) return;
    link.oracle = new Oracle(link.mqtt5 ? 5 : 4);
    this.oracles.push(link.oracle);
  }

  #pass(link: Link, packet: Buffer): void {
    const { chance } = this.#options;
    const isMutated = this.isHostile && chance.happens(this.#rate);
    for (const piece of isMutated ? mutated(packet, chance, link.mqtt5) : [packet]) this.#send(link, piece);
    if (isMutated && chance.happens(0.1)) link.client.destroy();
  }

  #send({ client, oracle }: Link, bytes: Buffer): void {
    if (client.destroyed) return;
    client.write(bytes);
    oracle?.read(bytes);
  }
}

function onPackets(socket: Socket, take: (packet: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', bytes => {
    rest = Buffer.concat([rest, bytes]);
    for (let end = endOf(rest); end !== undefined; end = endOf(rest)) {
      take(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  });
}
