/**
 * Reads what a broker retains of the bench's topics. It is fast enough for a million topics, because mosquitto sends all
 * retained messages at once. The result has a number for each topic, which is the beginning of its payload.
 */

import type { Packet } from 'mqtt-packet';
import { nanoid } from 'nanoid';
import { ROOT, sequenceOf } from './message.ts';
import { Wire } from './wire.ts';

/** The number for a topic that the broker does not retain. */
const NOT_RETAINED = -1;

/** Longest wait for all that a broker retains. */
const READ_TIMEOUT_MS = 120_000;

/** Counts those of the topics 0 … `topics` - 1 in which the brokers differ. */
export async function countDiverging(ports: readonly number[], topics: number): Promise<number> {
  const [first, ...others] = await Promise.all(ports.map(port => readRetained(port, topics)));
  let count = 0;
  for (let topic = 0; topic < topics; topic++) {
    if (others.some(other => other[topic] !== first?.[topic])) count++;
  }
  return count;
}

/** For each topic the number of the retained message. @throws if the broker does not send all in time */
async function readRetained(port: number, topics: number): Promise<Float64Array> {
  const retained = new Float64Array(topics).fill(NOT_RETAINED);
  // The broker sends the retained message of the last filter last. Nobody replicates a topic in `$…`.
  const sentinel = `$bench/${nanoid()}`;
  let finished: () => void = () => undefined;
  let written: () => void = () => undefined;
  const onPacket = (packet: Packet) => {
    if (packet.cmd === 'puback') written();
    if (packet.cmd !== 'publish') return;
    if (packet.topic === sentinel) finished();
    else if (packet.retain)
      retained[Number(packet.topic.slice(ROOT.length + 1))] = sequenceOf(packet.payload as Buffer);
  };
  const wire = await Wire.open(port, `bench-retained-${nanoid()}`, packets => packets.forEach(onPacket));
  const publish = { cmd: 'publish', topic: sentinel, qos: 1, retain: true, dup: false } as const;
  await withTimeout(READ_TIMEOUT_MS, resolve => {
    written = resolve;
    wire.send({ ...publish, payload: 'the end', messageId: 1 });
  });
  await withTimeout(READ_TIMEOUT_MS, resolve => {
    finished = resolve;
    const subscriptions = [`${ROOT}/#`, sentinel].map(topic => ({ topic, qos: 0 as const }));
    wire.send({ cmd: 'subscribe', messageId: 2, subscriptions });
  });
  wire.send({ ...publish, payload: '', messageId: 3 });
  wire.end();
  return retained;
}

/** Resolves when `start` calls its argument. @throws after `timeoutMs` */
async function withTimeout(timeoutMs: number, start: (resolve: () => void) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    new Promise<void>(start),
    new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the broker did not send all that it retains within ${timeoutMs / 1000} s`)),
        timeoutMs,
      );
    }),
  ]);
  clearTimeout(timer);
}
