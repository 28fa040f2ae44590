/** A client of one site, which writes there and sees all that is published there; it comes back when it is thrown out. */

import { setTimeout as wait } from 'node:timers/promises';
import { TestClient } from '../../support/client.ts';

const RETRY_MS = 50;

/** Longest wait for an acknowledgement; the broker may stand still. */
const PUBLISH_LIMIT_MS = 1_000;

export class SiteClient {
  readonly #url: string;
  /** The last one is the one that is connected, if any is. */
  readonly #clients: TestClient[] = [];
  #isOn = true;
  readonly #done: Promise<void>;

  constructor(url: string) {
    this.#url = url;
    this.#done = this.#stayConnected();
  }

  /**
   * Payloads that were published retained under a topic, the oldest first. mqttrep hands on an empty message that is not
   * retained where it does not know yet whether a client of MQTT 3.1.1 deleted the topic: that is no deletion.
   */
  seenRetained(topic: string): string[] {
    return this.#clients.flatMap(({ messages }) =>
      messages.filter(message => message.topic === topic && message.retain).map(({ payload }) => payload),
    );
  }

  /** Publishes a retained message. Returns whether it was acknowledged; if not, it may have been stored or not. */
  async publish(topic: string, payload: string): Promise<boolean> {
    const client = this.#clients.at(-1);
    if (client?.connected !== true) return false;
    const limit = new AbortController();
    const late = wait(PUBLISH_LIMIT_MS, false, { signal: limit.signal }).catch(() => false);
    const published = client.publish(topic, payload, { retain: true }).then(
      () => true,
      () => false,
    );
    try {
      return await Promise.race([published, late]);
    } finally {
      limit.abort();
    }
  }

  async stop(): Promise<void> {
    this.#isOn = false;
    await this.#clients.at(-1)?.destroy();
    await this.#done;
  }

  async #stayConnected(): Promise<void> {
    while (this.#isOn) {
      try {
        const client = await TestClient.connect(this.#url, { protocolVersion: 5, connectTimeout: 2_000 });
        this.#clients.push(client);
        await client.subscribe('#', { rap: true });
        if (this.#isOn) await client.closed();
        else await client.destroy();
      } catch {
        await wait(RETRY_MS);
      }
    }
  }
}
