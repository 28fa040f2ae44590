/**
 * Reads all retained messages of a broker by an ordinary subscription.
 *
 * A sentinel marks the end of the replay: a retained message whose topic is the last filter of the SUBSCRIBE. A sentinel
 * that is published after the SUBACK would not work, since Aedes may deliver it before the replay has ended. The topic of
 * the sentinel begins with `$`, so that no replicator under test replicates it.
 *
 * The subscription has QoS 0. So mosquitto 2.0.11 with its default limits replays 20,000 messages completely and in order.
 * With QoS 1 it drops messages beyond 1,020 (`max_inflight_messages` + `max_queued_messages`).
 */

import { isUtf8 } from 'node:buffer';
import { nanoid } from 'nanoid';
import { TestClient } from './client.ts';

/** Topic → payload. A payload that is not UTF-8 is `0x` and its bytes in hex. */
export type Retained = ReadonlyMap<string, string>;

const READ_TIMEOUT_MS = 10_000;

/**
 * The retained messages that match the filter, without `$…` and `mqttrep/…`. Messages that are written meanwhile may be
 * missing. Rejects if the replay does not end within 10 s.
 */
export async function retainedOf(url: string, filter = '#'): Promise<Map<string, string>> {
  const client = await TestClient.connect(url);
  // A silent broker would never acknowledge the sentinel.
  const timeout = setTimeout(() => void client.destroy(), READ_TIMEOUT_MS);
  const sentinel = `$sentinel/${nanoid()}`;
  try {
    await client.publish(sentinel, 'the end', { retain: true });
    await client.subscribe([filter, sentinel], { qos: 0 });
    await client.waitFor(({ topic }) => topic === sentinel, READ_TIMEOUT_MS);
    const retained = collected(client);
    await client.deleteRetained(sentinel);
    await client.end();
    return retained;
  } catch (error) {
    await client.destroy();
    throw new Error(`the retained messages of ${url} could not be read completely`, { cause: error });
  } finally {
    clearTimeout(timeout);
  }
}

function collected(client: TestClient): Map<string, string> {
  const retained = new Map<string, string>();
  for (const { topic, payload, payloadBytes, retain } of client.messages) {
    if (!retain || topic.startsWith('$') || topic.startsWith('mqttrep/')) continue;
    retained.set(topic, isUtf8(payloadBytes) ? payload : `0x${payloadBytes.toString('hex')}`);
  }
  return retained;
}
