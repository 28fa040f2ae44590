/** When mqttrep between the two brokers of a pair has done all that follows from what was written before. */

import { nanoid } from 'nanoid';
import type { ReceivedMessage, TestClient } from '../support/client.ts';
import { type Pair, patience } from './pair.ts';
import type { Side } from './tested-broker.ts';

/** Milliseconds until what was not seen is written again. */
const writtenAgainMs = 5_000;

/** Resolves when whatever follows from what was written before must have been published. */
export async function settled(pair: Pair): Promise<void> {
  for (let round = 0; round < 2; round++) {
    for (const side of pair.sides) await carried(pair, side, pair.topic(`settled/${side.name}`));
  }
}

/**
 * What comes behind a burst is dropped with it by some brokers, for mqttrep or for the watcher. So from time
 * to time something else is written, since mqttrep publishes nothing that the other broker holds already.
 */
async function carried(pair: Pair, side: Side, topic: string): Promise<void> {
  const written: string[] = [];
  const write = () => {
    const payload = nanoid();
    written.push(payload);
    return pair.write(side, topic, payload);
  };
  const watcher = await pair.watch(pair.other(side));
  const isSeen = (message: ReceivedMessage) => message.topic === topic && written.includes(message.payload);
  const seen = watcher.waitFor(isSeen, patience);
  // Whether it can be written is known from the first time.
  const again = setInterval(() => void write().catch(() => undefined), writtenAgainMs);
  try {
    await Promise.all([seen, write()]);
  } finally {
    clearInterval(again);
  }
}

/**
 * Resolves when mqttrep has left the marker by which it knows what was stored at a broker. The first that is seen
 * may have been in flight already; the second stands for all that was settled before the first.
 */
export async function marked(pair: Pair): Promise<void> {
  const watchers = await Promise.all(pair.sides.map(side => pair.watch(side)));
  for (let round = 0; round < 2; round++) {
    // Where that takes long, the marker may be there before it is over.
    const since = watchers.map(({ messages }) => messages.length);
    await settled(pair);
    await Promise.all(watchers.map((watcher, index) => markerSince(watcher, since[index] ?? 0)));
  }
}

async function markerSince(watcher: TestClient, before: number): Promise<void> {
  const isNew = (message: ReceivedMessage) => watcher.messages.indexOf(message) >= before;
  await watcher.waitFor(message => message.topic.includes('/marker/') && isNew(message), patience);
}
