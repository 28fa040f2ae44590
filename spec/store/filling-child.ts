/**
 * A process that commits, one number after the other, to a disk that will be full: it says what became of
 * each, and goes on when it is told to.
 */

import { once } from 'node:events';
import { DiskStore } from '../../lib/store/disk-store.ts';
import { commit, settledTopic } from './topics.ts';

const store = new DiskStore(process.argv[2] ?? '', ['A', 'B']);
await store.load();
for (let number = 0; ; number++) {
  const topics = Array.from(
    { length: 100 },
    (_, i) => [`t${i}`, settledTopic(String(number))] as [string, ReturnType<typeof settledTopic>],
  );
  const failure = await commit(store, [...topics, [`n${number}`, settledTopic('x'.repeat(10_000))]]).then(
    () => undefined,
    (error: Error) => error.message,
  );
  process.send?.({ number, failure });
  await once(process, 'message');
}
