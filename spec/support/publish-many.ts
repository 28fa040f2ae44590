/** Fills a broker with retained messages. */

import { TestClient } from './client.ts';

/** Publishes retained messages with the payloads `value 0`, `value 1`… under the topics `many/0`, `many/1`… */
export async function publishMany(
  url: string,
  count: number,
  topic = (index: number) => `many/${index}`,
  payload = (index: number) => `value ${index}`,
): Promise<void> {
  const client = await TestClient.connect(url);
  const indices = Array.from({ length: count }, (_, index) => index);
  await Promise.all(indices.map(index => client.publish(topic(index), payload(index), { retain: true })));
  await client.end();
}
