/**
 * A client of one broker, as the tests' writers and readers use it.
 *
 * It remembers every message it was ever sent, in order, and never reconnects by itself: a test that loses a
 * connection says so, and a publish that was under way then rejects.
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
  /** Default: MQTT.js invents one. */
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
  /** The payload read as UTF-8. */
  readonly payload: string;
  readonly payloadBytes: Buffer;
  readonly retain: boolean;
  readonly qos: QoS;
  /** Empty on MQTT 3.1.1. */
  readonly properties: NonNullable<IPublishPacket['properties']>;
  /** When it arrived: milliseconds of `performance.now()`. */
  readonly at: number;
}

const connectLimitMs = 15_000;

export class TestClient {
  /** All that was received, oldest first. */
  readonly messages: ReceivedMessage[] = [];
  readonly #client: MqttClient;
  readonly #arrivals = new EventEmitter().setMaxListeners(0);
  #failure: Error | undefined;

  /** Rejects where the broker refuses, or does not answer within 5 s. */
  static async connect(url: string, options: TestClientOptions = {}): Promise<TestClient> {
    const settings: IClientOptions = {
      protocolVersion: 4,
      protocolId: options.protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
      connectTimeout: connectLimitMs,
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
    // MQTT.js leaves pending publishes pending for ever unless it is ended by force.
    client.once('close', () => client.end(true));
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  /** Resolves when acknowledged (QoS 0: when written); rejects where it was not. */
  async publish(topic: string, payload: string | Buffer, options: PublishOptions = {}): Promise<void> {
    this.#assertConnected();
    await this.#client.publishAsync(topic, payload, { qos: 1, ...options });
  }

  /** Erases a retained message. */
  erase(topic: string): Promise<void> {
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

  /** The first message that fits, of those received already and those to come. */
  waitFor(predicate: (message: ReceivedMessage) => boolean, timeoutMs = 15_000): Promise<ReceivedMessage> {
    const past = this.messages.find(predicate);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#arrivals.off('message', look);
        reject(new Error(`no such message within ${timeoutMs} ms; ${this.#summary()}`));
      }, timeoutMs);
      const look = (message: ReceivedMessage) => {
        if (!predicate(message)) return;
        clearTimeout(timer);
        this.#arrivals.off('message', look);
        resolve(message);
      };
      this.#arrivals.on('message', look);
    });
  }

  /** Resolves when the connection is gone, at once if it is gone already. */
  async closed(): Promise<void> {
    if (!this.#client.connected) return;
    await new Promise<void>(resolve => this.#client.once('close', () => resolve()));
  }

  /** Takes leave of the broker, if it is still there. */
  async end(): Promise<void> {
    await this.#client.endAsync(!this.#client.connected);
  }

  /** Drops the connection without a DISCONNECT, so that a will is published; what is pending rejects. */
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
