/** The thread of bench/reconciler.ts: runs the reconciler as mqttrep does, and tells what that has cost so far. */

import { readFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { type MessagePort, workerData } from 'node:worker_threads';
import type { ReconcilerTask } from '../lib/protocol/settings.ts';
import reconciler from '../workers/reconciler.ts';

export interface ThreadData {
  readonly task: ReconcilerTask;
  /** Each message here is answered by the cost so far. */
  readonly meter: MessagePort;
}

export interface ThreadCost {
  /** Nanoseconds of processor time of this thread. */
  readonly cpu: number;
  /** Milliseconds for which this thread was stopped by collections; part of `cpu`. */
  readonly collections: number;
  /** Bytes used in the heap. */
  readonly heap: number;
}

const { task, meter } = workerData as ThreadData;
let collections = 0;
new PerformanceObserver(list => {
  for (const { duration } of list.getEntries()) collections += duration;
}).observe({ entryTypes: ['gc'] });
meter.on('message', () => {
  const [cpu] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ');
  const cost: ThreadCost = { cpu: Number(cpu), collections, heap: process.memoryUsage().heapUsed };
  meter.postMessage(cost);
});
await reconciler(task);
meter.close();
