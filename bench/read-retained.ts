/**
 * What a broker holds of the bench's topics, read fast enough for a million of them: mosquitto writes all that it
 * retains at once. A number for each topic stands for its payload, which begins with it.
 */

import type { Packet } from 'mqtt-packet';
import { nanoid } from 'nanoid';
import { ROOT, sequenceOf } from './message.ts';
import { Wire } from './wire.ts';

/** Of a topic that the broker does not hold. */
const NOTHING = -1;

/** Longest wait for a broker to tell all that it holds, in milliseconds. */
const LIMIT = 120_000;

/** How many of the topics 0 … `topics` - 1 are not held alike by all. */
export async function diverging(ports: readonly number[], topics: number): Promise<number> {
  const [first, ...others] = await Promise.all(ports.map(port => heldBy(port, topics)));
  let count = 0;
  for (let topic = 0; topic < topics; topic++) {
    if (others.some(other => other[topic] !== first?.[topic])) count++;
  }
  return count;
}

/** By topic the number of the message that is retained. @throws if the broker does not tell all in time */
async function heldBy(port: number, topics: number): Promise<Float64Array> {
  const held = new Float64Array(topics).fill(NOTHING);
  // A retained message that is subscribed to last comes last; one in `$…` is replicated by nobody.
  const sentinel = `$bench/${nanoid()}`;
  let finished: () => void = () => undefined;
  let written: () => void = () => undefined;
  const take = (packet: Packet) => {
    if (packet.cmd === 'puback') written();
    if (packet.cmd !== 'publish') return;
    if (packet.topic === sentinel) finished();
    else if (packet.retain)
      held[Number(packet.topic.slice(ROOT.length + 1))] = sequenceOf(packet.payload as Buffer);
  };
  const wire = await Wire.open(port, `bench-held-${nanoid()}`, packets => packets.forEach(take));
  const publish = { cmd: 'publish', topic: sentinel, qos: 1, retain: true, dup: false } as const;
  await within(LIMIT, resolve => {
    written = resolve;
    wire.send({ ...publish, payload: 'the end', messageId: 1 });
  });
  await within(LIMIT, resolve => {
    finished = resolve;
    const subscriptions = [`${ROOT}/#`, sentinel].map(topic => ({ topic, qos: 0 as const }));
    wire.send({ cmd: 'subscribe', messageId: 2, subscriptions });
  });
  wire.send({ ...publish, payload: '', messageId: 3 });
  wire.end();
  return held;
}

/** Resolves when `start`'s argument is called. @throws after so many milliseconds */
async function within(limit: number, start: (resolve: () => void) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    new Promise<void>(start),
    new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`a broker did not tell all it holds in ${limit / 1000} s`)),
        limit,
      );
    }),
  ]);
  clearTimeout(timer);
}
