/**
 * The process that writes numbered QoS 1 messages, retained if the task says so, as fast as the broker acknowledges them or at a
 * given rate. It is a process of its own, so that it does not share a thread with what is measured.
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { WriterTask, Written } from './client-process.ts';
import { monotonic } from './clock.ts';
import { payloadOf, topicOf } from './message.ts';
import { Wire } from './wire.ts';

/** Bounds of the unacknowledged messages and of their bytes. At least one message may be unacknowledged. */
const MAX_IN_FLIGHT = 1_000;
const MAX_IN_FLIGHT_BYTES = 8_000_000;

const MAX_PACKET_ID = 65_535;

async function write({ port, messages, topics, size, rate, first, retain }: WriterTask): Promise<Written> {
  const sentAt = new Float64Array(messages);
  const takenAt = new Float64Array(messages);
  let sent = 0;
  let taken = 0;
  const window = Math.max(1, Math.min(MAX_IN_FLIGHT, Math.floor(MAX_IN_FLIGHT_BYTES / size)));
  let finished: () => void = () => undefined;
  const allTaken = new Promise<void>(resolve => {
    finished = resolve;
  });

  const send = (until: number) => {
    for (; sent < until && sent - taken < window; sent++) {
      const sequence = first + sent;
      wire.send({
        cmd: 'publish',
        topic: topicOf(sequence, topics),
        payload: payloadOf(sequence, size),
        qos: 1,
        retain,
        dup: false,
        messageId: 1 + (sent % MAX_PACKET_ID),
      });
      sentAt[sent] = monotonic();
    }
  };

  const wire = await Wire.open(port, 'bench-writer', packets => {
    const now = monotonic();
    for (const { cmd } of packets) if (cmd === 'puback') takenAt[taken++] = now;
    if (rate === undefined) send(messages);
    if (taken === messages) finished();
  });
  if (rate === undefined) wire.gather(() => send(messages));
  else {
    const start = monotonic();
    while (sent < messages) {
      const due = 1 + Math.floor(((monotonic() - start) * rate) / 1000);
      wire.gather(() => send(Math.min(messages, due)));
      await wait(Math.max(1, start + (sent * 1000) / rate - monotonic()));
    }
  }
  await allTaken;
  wire.end();
  return { sentAt, takenAt };
}

process.once('message', async (task: WriterTask) => {
  const written = await write(task);
  // An earlier disconnect would lose the answer.
  process.send?.(written, () => process.disconnect());
});
