/** A process that takes the lock of a folder, prints so, and keeps it until it is killed. */

import { StoreLock } from '../../lib/store/store-lock.ts';

await StoreLock.take(process.argv[2] ?? '');
process.send?.('taken');
setInterval(() => undefined, 60_000);
