/**
 * A process that commits, one number after the other, to a disk that will be full: it says what became of each, and goes on when
 * it is told to. What could not be committed goes with a later commit.
 */

import { once } from 'node:events';
import { DiskStore } from '../../lib/store/disk-store.ts';
import type { StoredTopic } from '../../lib/store/state-store.ts';
import { commit, largePayload, settledTopic } from './topics.ts';

const store = new DiskStore(process.argv[2] ?? '', ['A', 'B']);
await store.load();
const unsaved = new Map<string, StoredTopic>();
for (let number = 0; ; number++) {
  for (let i = 0; i < 100; i++) unsaved.set(`t${i}`, settledTopic(String(number)));
  unsaved.set(`large${number}`, settledTopic(largePayload(number)));
  const failure = await commit(store, unsaved).then(
    () => unsaved.clear(),
    (error: Error) => error.message,
  );
  process.send?.({ number, failure });
  await once(process, 'message');
}
