/** A reconciler on a fake clock, and the workers' ends of its ports. */

import sinon from 'sinon';
import { DEFAULT_BOUNDS } from '../../lib/config/bounds.ts';
import type { FilterSettings } from '../../lib/core/policy.ts';
import type { ReconcilerResponses } from '../../lib/protocol/requests.ts';
import type { Bounds, ReconcilerSettings } from '../../lib/protocol/settings.ts';
import type { Inspection } from '../../lib/reconciler/inspection/inspector.ts';
import { Reconciler } from '../../lib/reconciler/reconciler.ts';
import type { Step } from '../../lib/reconciler/topics/topic-table.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { WorkerEnd } from './worker-end.ts';

export const NOW = Date.UTC(2026, 0, 1);

/** Milliseconds from one tick to the next. */
export const TICK = 100;

const NAMES = ['A', 'B', 'C'];

/** Topics `t0`, `t1`…, each with this payload. */
export function manyTopics(count: number, payload = '1'): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, payload]));
}

export function settings(
  filters: readonly FilterSettings[],
  payloads: 'shown' | 'hidden' = 'shown',
  bounds: Partial<Bounds> = {},
): ReconcilerSettings {
  return {
    controlPrefix: 'mqttrep',
    filters,
    mergeFrequency: 1_000 / TICK,
    scanPeriod: Number.POSITIVE_INFINITY,
    maxDrift: 60_000,
    deletionGuard: { topics: 10, percent: 5 },
    bounds: { ...DEFAULT_BOUNDS, ...bounds },
    store: { kind: 'memory' },
    hidesPayloads: payloads === 'hidden',
    mode: 'replicate',
  };
}

export interface FixtureOptions {
  readonly filters?: readonly FilterSettings[];
  readonly brokers?: 2 | 3;
  readonly payloads?: 'shown' | 'hidden';
  readonly store?: MemoryStore;
  readonly bounds?: Partial<Bounds>;
  /** Bytes that the heap of the thread may have. */
  readonly heap?: number;
  readonly step?: Step;
}

export class ReconcilerFixture {
  /** By the index of the broker. */
  readonly ends: WorkerEnd[] = [];
  readonly log: string[] = [];
  readonly clock: sinon.SinonFakeTimers;
  #reconciler: Reconciler | undefined;

  constructor() {
    this.clock = sinon.createSandbox().useFakeTimers({
      now: NOW,
      toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
  }

  get reconciler(): Reconciler {
    if (this.#reconciler === undefined) throw new Error('the reconciler was not started');
    return this.#reconciler;
  }

  /** Brokers are named A, B and C; the first one has the highest rank. Their workers are attached, and not connected. */
  async start({
    brokers = 3,
    filters = [{ filter: '#', subscribe: 2 ** brokers - 1, publish: 2 ** brokers - 1 }],
    payloads = 'shown',
    store = new MemoryStore(),
    bounds = {},
    heap,
    step,
  }: FixtureOptions = {}): Promise<void> {
    this.#reconciler = new Reconciler({
      settings: settings(filters, payloads, bounds),
      ...(heap === undefined ? {} : { heap }),
      ...(step === undefined ? {} : { step }),
      replica: 'us',
      secret: 'secret',
      newClientId: broker => `kept_of_${broker}`,
      decoders: {},
      brokers: NAMES.slice(0, brokers).map((name, index) => ({ name, rank: brokers - index })),
      store,
      state: await store.load(),
      log: (level, message) => this.log.push(`${level} ${message}`),
    });
    for (let index = 0; index < brokers; index++) this.join(index);
  }

  /** A broker has a worker, in place of an earlier one. */
  join(broker: number): WorkerEnd {
    const end = new WorkerEnd();
    this.ends[broker]?.close();
    this.ends[broker] = end;
    this.reconciler.attach(broker, end.port);
    return end;
  }

  end(broker: number): WorkerEnd {
    const end = this.ends[broker];
    if (end === undefined) throw new RangeError(`broker ${broker} has no worker`);
    return end;
  }

  ask<Q extends Inspection>(question: Q): Promise<ReconcilerResponses[Q['kind']]> {
    return this.reconciler.inspector.answer(question) as Promise<ReconcilerResponses[Q['kind']]>;
  }

  measures(conflictsAfter = 0): Promise<ReconcilerResponses['measures']> {
    return this.ask({ kind: 'measures', conflictsAfter });
  }

  /** All brokers are connected, and each has shown that it retains these topics. */
  async ready(topics: Readonly<Record<string, string>> = {}): Promise<void> {
    for (const end of this.ends) end.begin().replay(topics);
    await this.all();
  }

  /** Every message that was posted has been handled, and its effects have arrived everywhere. */
  async all(): Promise<void> {
    for (let time = 0; time < 2; time++) await Promise.all(this.ends.map(end => end.roundTrip()));
  }

  /** Every message that was posted has been handled, the next tick comes, and its effects have arrived. */
  async tick(): Promise<void> {
    await this.all();
    this.clock.tick(TICK);
    await this.all();
  }

  close(): void {
    this.#reconciler?.close();
    for (const end of this.ends) end.close();
    this.clock.restore();
  }
}
