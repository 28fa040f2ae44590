/** The client of one site: it writes to the broker of that site, and receives what arrives there. */

import mqtt, { type MqttClient } from 'mqtt';
import type { SiteName } from './sites.ts';

/** Called for each message that arrives; `at` in milliseconds of `performance.now()`. */
export type OnMessage = (topic: string, payload: string, at: number) => void;

export class SiteClient {
  readonly #client: MqttClient;

  static async connect(
    site: SiteName,
    url: string,
    filter: string,
    onMessage: OnMessage,
  ): Promise<SiteClient> {
    const client = await mqtt.connectAsync(
      url,
      { protocolVersion: 4, clientId: `client_at_${site.toLowerCase()}`, reconnectPeriod: 0 },
      false,
    );
    client.on('message', (topic, payload) => onMessage(topic, payload.toString(), performance.now()));
    // Without force, MQTT.js keeps unacknowledged publishes pending forever.
    client.once('close', () => client.end(true));
    await client.subscribeAsync(filter, { qos: 1 });
    return new SiteClient(client);
  }

  private constructor(client: MqttClient) {
    this.#client = client;
  }

  /** Publishes a retained message; an empty payload deletes the topic. Resolves when the broker has acknowledged it. */
  async write(topic: string, payload: string): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos: 1, retain: true });
  }

  /** Publishes a message that no broker retains. Resolves when the broker has acknowledged it. */
  async command(topic: string, payload: string): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos: 1, retain: false });
  }

  async end(): Promise<void> {
    await this.#client.endAsync();
  }
}
