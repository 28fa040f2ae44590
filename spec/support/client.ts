/**
 * A client of one broker, with which tests write and read.
 *
 * It remembers every message that it received, in order. It never reconnects by itself: a test that loses a connection
 * fails, and a publish in flight then rejects.
 */

import { EventEmitter } from 'node:events';
import mqtt, {
  type IClientOptions,
  type IClientPublishOptions,
  type IPublishPacket,
  type MqttClient,
} from 'mqtt';

export type QoS = 0 | 1 | 2;

export interface TestClientOptions
  extends Pick<
    IClientOptions,
    | 'username'
    | 'password'
    | 'will'
    | 'clean'
    | 'keepalive'
    | 'properties'
    | 'connectTimeout'
    | 'ca'
    | 'servername'
  > {
  /** Default 4, which is MQTT 3.1.1. */
  readonly protocolVersion?: 3 | 4 | 5;
  /** Default: a random one of MQTT.js. */
  readonly clientId?: string;
}

export interface PublishOptions {
  /** Default false. */
  readonly retain?: boolean;
  /** Default 1: the promise then resolves at the acknowledgement. */
  readonly qos?: QoS;
  /** MQTT 5 only. */
  readonly properties?: NonNullable<IClientPublishOptions['properties']>;
}

export interface SubscribeOptions {
  /** Default 1. */
  readonly qos?: QoS;
  /** MQTT 5: retain as published. Default false. */
  readonly rap?: boolean;
}

export interface ReceivedMessage {
  readonly topic: string;
  /** The payload decoded as UTF-8. */
  readonly payload: string;
  readonly payloadBytes: Buffer;
  readonly retain: boolean;
  readonly qos: QoS;
  /** Empty on MQTT 3.1.1. */
  readonly properties: NonNullable<IPublishPacket['properties']>;
  /** When it arrived: milliseconds of `performance.now()`. */
  readonly at: number;
}

const CONNECT_TIMEOUT_MS = 15_000;

export class TestClient {
  /** All received messages, oldest first. */
  readonly messages: ReceivedMessage[] = [];
  readonly #client: MqttClient;
  readonly #arrivals = new EventEmitter().setMaxListeners(0);
  #failure: Error | undefined;

  /** Rejects if the broker refuses the connection, or does not answer within 15 s. */
  static async connect(url: string, options: TestClientOptions = {}): Promise<TestClient> {
    const settings: IClientOptions = {
      protocolVersion: 4,
      protocolId: options.protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...options,
      reconnectPeriod: 0,
    };
    return new TestClient(await mqtt.connectAsync(url, settings, false));
  }

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload, packet) => this.#receive(topic, payload, packet));
    client.on('error', error => {
      this.#failure = error;
    });
    // Unless it is ended by force, MQTT.js never settles the publishes in flight.
    client.once('close', () => client.end(true));
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  /** Resolves when the message was acknowledged (QoS 0: written to the socket); rejects if it was not. */
  async publish(topic: string, payload: string | Buffer, options: PublishOptions = {}): Promise<void> {
    this.#assertConnected();
    await this.#client.publishAsync(topic, payload, { qos: 1, ...options });
  }

  /** Deletes a retained message. */
  deleteRetained(topic: string): Promise<void> {
    return this.publish(topic, '', { retain: true });
  }

  /** Resolves at the SUBACK; rejects if any filter was refused. */
  async subscribe(filter: string | string[], options: SubscribeOptions = {}): Promise<void> {
    this.#assertConnected();
    const granted = await this.#client.subscribeAsync(filter, { qos: 1, ...options });
    const refused = granted.filter(({ qos }) => qos >= 128).map(({ topic }) => topic);
    if (refused.length > 0) throw new Error(`refused: ${refused.join(', ')}`);
  }

  async unsubscribe(filter: string | string[]): Promise<void> {
    this.#assertConnected();
    await this.#client.unsubscribeAsync(filter);
  }

  /** The first message that matches, among those received already and later ones. */
  waitFor(predicate: (message: ReceivedMessage) => boolean, timeoutMs = 15_000): Promise<ReceivedMessage> {
    const past = this.messages.find(predicate);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#arrivals.off('message', check);
        reject(new Error(`no such message within ${timeoutMs} ms; ${this.#summary()}`));
      }, timeoutMs);
      const check = (message: ReceivedMessage) => {
        if (!predicate(message)) return;
        clearTimeout(timer);
        this.#arrivals.off('message', check);
        resolve(message);
      };
      this.#arrivals.on('message', check);
    });
  }

  /** Resolves when the connection is closed, at once if it is closed already. */
  async closed(): Promise<void> {
    if (!this.#client.connected) return;
    await new Promise<void>(resolve => this.#client.once('close', () => resolve()));
  }

  /** Disconnects from the broker, if it is still connected. */
  async end(): Promise<void> {
    await this.#client.endAsync(!this.#client.connected);
  }

  /** Closes the connection without a DISCONNECT, so that a will is published. Publishes in flight reject. */
  async destroy(): Promise<void> {
    await this.#client.endAsync(true);
  }

  #receive(topic: string, payload: Buffer, packet: IPublishPacket): void {
    const { retain, qos, properties = {} } = packet;
    const message: ReceivedMessage = {
      topic,
      payload: payload.toString('utf8'),
      payloadBytes: payload,
      retain,
      qos,
      properties,
      at: performance.now(),
    };
    this.messages.push(message);
    this.#arrivals.emit('message', message);
  }

  #assertConnected(): void {
    if (!this.#client.connected) throw new Error('not connected', { cause: this.#failure });
  }

  #summary(): string {
    const latest = this.messages.slice(-5).map(({ topic, payload }) => `${topic} = ${payload.slice(0, 60)}`);
    return `${this.messages.length} messages received, the latest: ${latest.join(', ') || 'none'}`;
  }
}
