/** A process that commits one number after the other, and prints which are durable, until it is killed. */

import { DiskStore } from '../../lib/store/disk-store.ts';
import { commit, settledTopic } from './topics.ts';

const store = new DiskStore(process.argv[2] ?? '', ['A', 'B']);
for (let number = 1; number < 10_000; number++) {
  await commit(
    store,
    Array.from({ length: 200 }, (_, i) => [`t${i}`, settledTopic(String(number))]),
  );
  process.send?.(number);
}
