/**
 * A relay in front of a real broker that wants tokens, as brokers in the cloud do: it refuses a CONNECT without a valid token, and
 * closes a connection whose token has ended. A token is the password, or the data of an authentication method of MQTT 5. Where it
 * accepts AUTH, a new token prolongs the connection.
 */

import { generate, type IAuthPacket, type IConnectPacket } from 'mqtt-packet';
import { tokenIn } from '../../lib/broker/credentials/token.ts';
import { CONNECT, connectOf, levelOf, packetIn, typeOf } from './packet-bytes.ts';
import { type Answer, PacketRelay } from './packet-relay.ts';

const AUTH = 15;
const NOT_AUTHORIZED = { 4: 5, 5: 0x87 } as const;

export interface TokenConnection {
  readonly clientId: string;
  /** Whether CONNECT asked for a new session. */
  readonly clean: boolean;
  /** By `performance.now()`. */
  readonly begunAt: number;
  endedAt: number | undefined;
  /** The token of CONNECT, and of each AUTH. */
  readonly tokens: string[];
  /** Its token ended before it did. */
  hasExpired: boolean;
}

export class TokenRelay {
  /** All that were accepted, the oldest first. */
  readonly connections: TokenConnection[] = [];
  /** CONNECTs without a valid token. */
  refused = 0;
  readonly #acceptsAuth: boolean;
  readonly #byNumber = new Map<number, TokenConnection & { timer: NodeJS.Timeout }>();
  #relay: PacketRelay | undefined;

  static async before(
    brokerPort: number,
    { acceptsAuth }: { readonly acceptsAuth: boolean },
  ): Promise<TokenRelay> {
    const relay = new TokenRelay(acceptsAuth);
    relay.#relay = await PacketRelay.before(brokerPort, {
      level: 'any',
      fromClient: (packet, number) => relay.#fromClient(packet, number),
      closed: number => relay.#closed(number),
    });
    return relay;
  }

  private constructor(acceptsAuth: boolean) {
    this.#acceptsAuth = acceptsAuth;
  }

  get url(): string {
    return this.#started.url;
  }

  close(): Promise<void> {
    return this.#started.close();
  }

  /** The connections of this client. */
  of(clientId: RegExp): readonly TokenConnection[] {
    return this.connections.filter(one => clientId.test(one.clientId));
  }

  get #started(): PacketRelay {
    if (this.#relay === undefined) throw new Error('it has not started');
    return this.#relay;
  }

  #fromClient(packet: Buffer, number: number): Buffer | Answer {
    if (typeOf(packet) === CONNECT) return this.#connect(connectOf(packet), levelOf(packet) as 4 | 5, number);
    if (packet.readUInt8(0) >> 4 === AUTH) return this.#auth(packet, number);
    return packet;
  }

  #connect(connect: IConnectPacket, level: 4 | 5, number: number): Buffer | Answer {
    const { authenticationMethod, authenticationData, ...properties } = connect.properties ?? {};
    const token = String(authenticationMethod === undefined ? connect.password : authenticationData);
    const left = secondsLeft(token);
    if (left <= 0) {
      this.refused++;
      const code = NOT_AUTHORIZED[level];
      const connack = { cmd: 'connack', sessionPresent: false, reasonCode: code, returnCode: code } as const;
      return { answer: generate(connack, { protocolVersion: level }), hangsUp: true };
    }
    const { clientId, clean = true } = connect;
    const begunAt = performance.now();
    const connection = { clientId, clean, begunAt, endedAt: undefined, tokens: [token], hasExpired: false };
    const watched = Object.assign(connection, { timer: this.#expiry(number, left) });
    this.connections.push(watched);
    this.#byNumber.set(number, watched);
    const { username: _username, password: _password, ...rest } = connect;
    return generate({ ...rest, properties }, { protocolVersion: level });
  }

  #auth(packet: Buffer, number: number): Answer {
    const { properties } = packetIn(packet, 5) as IAuthPacket;
    const token = String(properties?.authenticationData);
    const connection = this.#byNumber.get(number);
    const left = secondsLeft(token);
    if (!this.#acceptsAuth || connection === undefined || left <= 0)
      return { answer: disconnect(), hangsUp: true };
    clearTimeout(connection.timer);
    connection.timer = this.#expiry(number, left);
    connection.tokens.push(token);
    const authenticationMethod = properties?.authenticationMethod ?? '';
    const success = { cmd: 'auth', reasonCode: 0, properties: { authenticationMethod } } as const;
    return { answer: generate(success, { protocolVersion: 5 }) };
  }

  #expiry(number: number, seconds: number): NodeJS.Timeout {
    return setTimeout(() => {
      const connection = this.#byNumber.get(number);
      if (connection !== undefined) connection.hasExpired = true;
      this.#started.hangUp(number);
    }, seconds * 1000);
  }

  #closed(number: number): void {
    const connection = this.#byNumber.get(number);
    if (connection === undefined) return;
    clearTimeout(connection.timer);
    connection.endedAt = performance.now();
    this.#byNumber.delete(number);
  }
}

function secondsLeft(token: string): number {
  const { endsAt = 0 } = tokenIn(token) ?? {};
  return (endsAt - Date.now()) / 1000;
}

function disconnect(): Buffer {
  return generate({ cmd: 'disconnect', reasonCode: 0x87 }, { protocolVersion: 5 });
}
