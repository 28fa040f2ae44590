/**
 * What a broker holds: all its retained messages, read by an ordinary subscription.
 *
 * The end of the replay is told by a sentinel: a retained message that is subscribed to last in the same
 * SUBSCRIBE. A sentinel published after the SUBACK would not do, as Aedes lets it overtake the replay.
 * Its topic begins with `$`, so that no replicator under test takes it for one of its own to replicate.
 *
 * Read with QoS 0: mosquitto 2.0.11 then replays 20,000 messages whole under its default limits, in order,
 * while of QoS 1 it drops what exceeds 1,020 (`max_inflight_messages` + `max_queued_messages`).
 */

import { isUtf8 } from 'node:buffer';
import { nanoid } from 'nanoid';
import { TestClient } from './client.ts';

/** Topic → payload; a payload that is not UTF-8 is told apart by `0x` and its bytes in hex. */
export type Retained = ReadonlyMap<string, string>;

const limitMs = 10_000;

/**
 * The retained messages that match the filter, without those of `$…` and of `mqttrep/…`. What is written
 * meanwhile may be in it or not. Rejects if the broker cannot be read to the end within 10 s.
 */
export async function retainedOf(url: string, filter = '#'): Promise<Map<string, string>> {
  const client = await TestClient.connect(url);
  // A broker that has fallen silent would leave an acknowledgement pending for ever.
  const limit = setTimeout(() => void client.destroy(), limitMs);
  const sentinel = `$sentinel/${nanoid()}`;
  try {
    await client.publish(sentinel, 'the end', { retain: true });
    await client.subscribe([filter, sentinel], { qos: 0 });
    await client.waitFor(({ topic }) => topic === sentinel, limitMs);
    const retained = collected(client);
    await client.erase(sentinel);
    await client.end();
    return retained;
  } catch (error) {
    await client.destroy();
    throw new Error(`the retained messages of ${url} could not be read to the end`, { cause: error });
  } finally {
    clearTimeout(limit);
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
