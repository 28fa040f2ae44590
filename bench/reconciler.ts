/**
 * The cost of the reconciler alone: its thread runs as in mqttrep, with the store on disk, and the bench stands in for the workers
 * of two brokers. Beside the processor time of the thread, this shows that of V8's threads, most of which is garbage collection.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { MessageChannel, type MessagePort, type ResourceLimits, Worker } from 'node:worker_threads';
import type { ReconcilerTask } from '../lib/protocol/settings.ts';
import { RESOURCE_LIMITS } from '../lib/supervisor/actor-pool.ts';
import { BrokerStandIn } from './broker-stand-in.ts';
import { ROOT, topicOf } from './message.ts';
import type { ThreadCost, ThreadData } from './reconciler-thread.ts';
import { figures, type Plan, type Result, type Run, type Scenario } from './scenario.ts';

const FLOOD_TOPICS = 1_000;
/** Some 30,000 messages a second, about what a client can write to mosquitto. */
const BATCHES_PER_SECOND = 18;
/** After the last echo: the last commit and the last credit are part of the cost. */
const SETTLE_MS = 500;

const LOADS = ['first contact', 'wide', 'flood'] as const;
type Load = (typeof LOADS)[number];

export const reconciler: Scenario = {
  name: 'reconciler',
  about:
    'messages of 100 bytes through the thread of the reconciler, 10 Hz, the store on disk; one topic a message, in the flood 1,000 in all',
  async *run({ size }: Plan): AsyncGenerator<Result> {
    const messages = { quick: 10_000, full: 200_000, large: 1_000_000 }[size];
    for (const load of LOADS) {
      const runs: Run[] = [];
      while (runs.length < (size === 'full' ? 3 : 1)) runs.push(await measure(load, messages));
      const variant = `${load}, ${messages.toLocaleString('en')} messages`;
      yield { variant, columns: [{ subject: 'the reconciler', figures: figures(runs) }], targets: [] };
    }
  },
};

/** @param limits of the thread, as V8 has them */
export async function measure(
  load: Load,
  messages: number,
  limits: ResourceLimits = RESOURCE_LIMITS.reconciler,
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'mqttrep-bench-reconciler-'));
  const testBed = new ReconcilerTestBed(folder, limits);
  const { source, other } = testBed;
  const topics = load === 'flood' ? FLOOD_TOPICS : messages;
  const isReplay = load === 'first contact';
  // The topics of the flood are known at both brokers before it begins.
  const known = load === 'flood' ? topics : 0;
  source.deliver(0, isReplay ? messages : known, topics, true);
  source.connected();
  other.connected();
  await other.caughtUp();
  await wait(100);
  if (!isReplay) {
    await source.caughtUp();
    await wait(1_500);
    source.deliver(known, messages, topics, false);
  }
  const before = { ...(await testBed.cost()), ...costOfOthers() };
  const start = performance.now();
  const published = other.published(topicOf(messages - 1, topics));
  if (isReplay) await source.caughtUp();
  else await source.sendPaced(BATCHES_PER_SECOND);
  await published;
  const seconds = (performance.now() - start) / 1000;
  await wait(SETTLE_MS);
  const after = { ...(await testBed.cost()), ...costOfOthers() };
  const each = (nanoseconds: number) => nanoseconds / 1000 / messages;
  const [own, beside, all] = [after.cpu - before.cpu, after.v8 - before.v8, after.all - before.all];
  await testBed.stop();
  rmSync(folder, { recursive: true });
  return {
    'until published, s': seconds,
    'CPU of the thread a message, µs': each(own),
    'of that, stopped by collections, µs': each((after.collections - before.collections) * 1e6),
    "CPU of V8's threads a message, µs": each(beside),
    'CPU of the threads that write the store a message, µs': each(all - own - beside),
    'publications a message, ': other.echoes / messages,
    'heap, MB': after.heap / 1e6,
  };
}

class ReconcilerTestBed {
  readonly source: BrokerStandIn;
  readonly other: BrokerStandIn;
  readonly #worker: Worker;
  readonly #control: MessagePort;
  readonly #meter: MessagePort;

  constructor(folder: string, resourceLimits: ResourceLimits) {
    const [control, meter, a, b] = [0, 0, 0, 0].map(() => new MessageChannel()) as [
      MessageChannel,
      MessageChannel,
      MessageChannel,
      MessageChannel,
    ];
    this.source = new BrokerStandIn(a.port1);
    this.other = new BrokerStandIn(b.port1);
    this.#control = control.port1;
    this.#meter = meter.port1;
    const data: ThreadData = { task: taskOf(folder, control.port2, [a.port2, b.port2]), meter: meter.port2 };
    this.#worker = new Worker(new URL('./reconciler-thread.js', import.meta.url), {
      workerData: data,
      transferList: [control.port2, meter.port2, a.port2, b.port2],
      resourceLimits,
    });
  }

  cost(): Promise<ThreadCost> {
    return new Promise(resolve => {
      this.#meter.once('message', resolve);
      this.#meter.postMessage('cost');
    });
  }

  async stop(): Promise<void> {
    const ended = new Promise(resolve => this.#worker.once('exit', resolve));
    this.#control.postMessage({ kind: 'stop', within: 0 });
    await ended;
    this.#control.close();
    this.source.close();
    this.other.close();
  }
}

function taskOf(folder: string, control: MessagePort, ports: readonly MessagePort[]): ReconcilerTask {
  const all = 2 ** ports.length - 1;
  return {
    actor: 'reconciler',
    control,
    brokers: ports.map((port, index) => ({ name: `B${index}`, rank: ports.length - index, port })),
    settings: {
      controlPrefix: 'mqttrep',
      filters: [{ filter: `${ROOT}/#`, subscribe: all, publish: all }],
      mode: 'replicate',
      mergeFrequency: 10,
      scanPeriod: 3_600,
      maxDrift: 300_000,
      deletionGuard: { topics: 100, percent: 10 },
      bounds: {
        payload: 2 ** 28,
        topics: 2_000_000,
        memory: undefined,
        topicLength: 65_535,
        levels: 200,
      },
      store: { kind: 'folder', path: folder },
      hidesPayloads: false,
    },
  };
}

/** Node.js starts the threads of V8 right after the main thread: four that work, and one for delayed tasks. */
const V8_THREADS = 5;

/** Of the threads of V8, and of all threads but the main one, in which the bench stands in for the workers. */
function costOfOthers(): { readonly v8: number; readonly all: number } {
  const [, ...threads] = readdirSync('/proc/self/task').sort((a, b) => Number(a) - Number(b));
  return { v8: cpuOf(threads.slice(0, V8_THREADS)), all: cpuOf(threads) };
}

/** Nanoseconds of processor time. */
function cpuOf(ids: readonly string[]): number {
  return ids.reduce((sum, id) => {
    const [cpu] = readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8').split(' ');
    return sum + Number(cpu);
  }, 0);
}
