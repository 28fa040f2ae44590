/** The client at one site: it writes to the site's own broker, and sees what arrives there. */

import mqtt, { type MqttClient } from 'mqtt';
import type { SiteName } from './sites.ts';

/** Called with what arrived and when, in milliseconds of `performance.now()`. */
export type Saw = (topic: string, payload: string, at: number) => void;

export class SiteClient {
  readonly #client: MqttClient;

  static async connect(site: SiteName, url: string, filter: string, saw: Saw): Promise<SiteClient> {
    const client = await mqtt.connectAsync(
      url,
      { protocolVersion: 4, clientId: `client_at_${site.toLowerCase()}`, reconnectPeriod: 0 },
      false,
    );
    client.on('message', (topic, payload) => saw(topic, payload.toString(), performance.now()));
    // MQTT.js leaves what is unacknowledged pending for ever unless it is ended by force.
    client.once('close', () => client.end(true));
    await client.subscribeAsync(filter, { qos: 1 });
    return new SiteClient(client);
  }

  private constructor(client: MqttClient) {
    this.#client = client;
  }

  /** Publishes retained; an empty payload deletes the topic. Resolves when acknowledged. */
  async write(topic: string, payload: string): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos: 1, retain: true });
  }

  async end(): Promise<void> {
    await this.#client.endAsync();
  }
}
