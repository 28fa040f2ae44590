/**
 * The process that reads. It subscribes with QoS 0, because mosquitto sends such messages without a window. It records
 * when each numbered message first arrived, and which messages arrived twice or out of order.
 */

import type { Packet } from 'mqtt-packet';
import type { ReaderRequest, ReaderTask, Reading } from './client-process.ts';
import { monotonic } from './clock.ts';
import { ROOT, sequenceOf } from './message.ts';
import { Wire } from './wire.ts';

async function read(
  task: ReaderTask,
  report: (state: 'subscribed' | 'complete') => void,
): Promise<() => Reading> {
  const arrivedAt = new Float64Array(task.messages).fill(Number.NaN);
  const latest = new Map<string, number>();
  const deliveredAt: number[] = [];
  let repeated = 0;
  let reversed = 0;
  let missing = task.messages - task.awaitedFrom;

  const onPacket = (packet: Packet, now: number) => {
    if (packet.cmd === 'suback') report('subscribed');
    if (packet.cmd !== 'publish') return;
    const sequence = sequenceOf(packet.payload);
    if (!(sequence < task.messages)) return;
    deliveredAt.push(now);
    const before = latest.get(packet.topic) ?? -1;
    latest.set(packet.topic, sequence);
    if (sequence < before) reversed++;
    if (!Number.isNaN(arrivedAt[sequence])) {
      repeated++;
      return;
    }
    arrivedAt[sequence] = now;
    if (sequence >= task.awaitedFrom && --missing === 0) report('complete');
  };

  const wire = await Wire.open(task.port, 'bench-reader', packets => {
    const now = monotonic();
    for (const packet of packets) onPacket(packet, now);
  });
  wire.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `${ROOT}/#`, qos: 0 }] });
  return () => ({ arrivedAt, deliveredAt: Float64Array.from(deliveredAt), repeated, reversed, missing });
}

process.once('message', async (task: ReaderTask) => {
  const reading = await read(task, state => process.send?.(state));
  process.on('message', (request: ReaderRequest) => {
    if (request === 'read') process.send?.(reading());
  });
});
