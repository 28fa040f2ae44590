/**
 * A client with a session that the broker keeps, over bare packets: it acknowledges only if it is told to, and so learns what
 * a broker sends without an acknowledgement, and what it sends again.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { generate, type IConnackPacket, type IPublishPacket, type Packet, parser } from 'mqtt-packet';
import { defaultPort } from '../address.ts';
import type { Access, Protocol } from '../makes/make.ts';

const ANSWER_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

const CLEAN_START = { clean: true, sessionExpiryInterval: 0, acknowledges: 0 } as const;

export interface SessionOptions {
  readonly clean: boolean;
  /** Seconds; only MQTT 5 has it. */
  readonly sessionExpiryInterval: number;
  /** The messages that it acknowledges, from the first on. */
  readonly acknowledges: number;
}

export interface Delivered {
  readonly payload: string;
  readonly id: number;
  readonly dup: boolean;
}

export class SessionClient {
  readonly delivered: Delivered[] = [];
  readonly #socket: Socket;
  readonly #protocol: Protocol;
  readonly #acknowledges: number;
  readonly #answers: Packet[] = [];
  #arrivedAt = performance.now();
  connack: IConnackPacket | undefined;

  static async open(
    access: Access,
    protocol: Protocol,
    clientId: string,
    options: SessionOptions,
  ): Promise<SessionClient> {
    const { hostname, port } = new URL(access.url);
    const socket = connect({
      host: hostname,
      port: Number(port) || defaultPort(access.url),
      noDelay: true,
    });
    await once(socket, 'connect');
    const client = new SessionClient(socket, protocol, options.acknowledges);
    const { clean, sessionExpiryInterval } = options;
    const { username, password } = access.options as { username?: string; password?: string };
    client.#send({
      cmd: 'connect',
      protocolId: protocol === 3 ? 'MQIsdp' : 'MQTT',
      protocolVersion: protocol,
      clientId,
      clean,
      keepalive: 60,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: Buffer.from(password) }),
      ...(protocol === 5 ? { properties: { sessionExpiryInterval, receiveMaximum: 1_000 } } : {}),
    });
    const connack = (await client.#answer('connack')) as IConnackPacket;
    const code = connack.reasonCode ?? connack.returnCode ?? 0;
    if (code !== 0) throw new Error(`${access.url} refuses a session with code ${code}`);
    client.connack = connack;
    return client;
  }

  /** Removes the session. */
  static async forget(access: Access, protocol: Protocol, clientId: string): Promise<void> {
    const client = await SessionClient.open(access, protocol, clientId, CLEAN_START);
    await client.end();
  }

  private constructor(socket: Socket, protocol: Protocol, acknowledges: number) {
    this.#socket = socket;
    this.#protocol = protocol;
    this.#acknowledges = acknowledges;
    const reading = parser({ protocolVersion: protocol });
    reading.on('packet', packet => this.#take(packet));
    reading.on('error', () => socket.destroy());
    socket.on('data', bytes => reading.parse(bytes));
    socket.on('error', () => undefined);
  }

  async subscribe(...topics: readonly string[]): Promise<void> {
    const subscriptions = topics.map(topic => ({ topic, qos: 1 }) as const);
    this.#send({ cmd: 'subscribe', messageId: 65_535, subscriptions });
    await this.#answer('suback');
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Resolves when `count` messages have come, none for so many milliseconds, or the broker has hung up. */
  async read(count: number, quietMs: number): Promise<void> {
    this.#arrivedAt = performance.now();
    while (this.isOpen && this.delivered.length < count && performance.now() - this.#arrivedAt < quietMs)
      await wait(POLL_MS);
  }

  /** Ends the connection as a cut of the network does. */
  cut(): void {
    this.#socket.resetAndDestroy();
  }

  async end(): Promise<void> {
    const closed = this.#socket.closed ? undefined : once(this.#socket, 'close');
    this.#socket.end(generate({ cmd: 'disconnect' }, { protocolVersion: this.#protocol }));
    await Promise.race([closed, wait(1_000)]);
    this.#socket.destroy();
  }

  #take(packet: Packet): void {
    if (packet.cmd === 'publish') this.#deliver(packet);
    else this.#answers.push(packet);
  }

  #deliver({ payload, qos, dup, messageId: id = 0 }: IPublishPacket): void {
    this.#arrivedAt = performance.now();
    this.delivered.push({ payload: String(payload), id, dup });
    if (qos === 1 && this.delivered.length <= this.#acknowledges)
      this.#send({ cmd: 'puback', messageId: id });
  }

  #send(packet: Packet): void {
    this.#socket.write(generate(packet, { protocolVersion: this.#protocol }));
  }

  async #answer(type: Packet['cmd']): Promise<Packet> {
    const deadline = performance.now() + ANSWER_TIMEOUT_MS;
    for (;;) {
      const found = this.#answers.find(({ cmd }) => cmd === type);
      if (found !== undefined) return found;
      if (!this.isOpen) throw new Error(`the broker hung up before its ${type}`);
      if (performance.now() > deadline) throw new Error(`no ${type} within ${ANSWER_TIMEOUT_MS} ms`);
      await wait(POLL_MS);
    }
  }
}
