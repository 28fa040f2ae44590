/**
 * What is measured, for Prometheus. Nothing is counted here: the actors do, and are asked when somebody scrapes.
 *
 * No metric has a label for topics: there are too many, and they come and go.
 */

import { Counter, Gauge, Registry } from 'prom-client';
import { BOUNDS } from '../protocol/histogram.ts';
import { CountedHistogram, type Labels } from './counted-histogram.ts';
import type { BrokerState, Measurements } from './measurements.ts';

export interface MetricsDeps {
  readonly measurements: Measurements;
  /** Of the package. */
  readonly version: string;
  /** How often the reconciler was started again. */
  readonly reconcilerRestarts: () => number;
  /** Connections to the status server that were closed to make room. */
  readonly displaced: () => number;
}

type Sample = readonly [labels: Labels, value: number];

type Description = readonly [
  name: string,
  help: string,
  labelNames: readonly string[],
  samples: () => Iterable<Sample>,
];

export class Metrics {
  readonly #registry = new Registry();
  readonly #deps: MetricsDeps;

  constructor(deps: MetricsDeps) {
    this.#deps = deps;
    this.#describeProcess();
    this.#describeBrokers();
    this.#describeTopics();
    this.#describeDurations();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in the text format of Prometheus. */
  async text(): Promise<string> {
    await this.#deps.measurements.refresh();
    return this.#registry.metrics();
  }

  #describeProcess(): void {
    const { version, reconcilerRestarts, displaced, measurements } = this.#deps;
    this.#gauge('mqttrep_build_info', 'Always 1; the labels say what runs.', ['version', 'node'], () => [
      [{ version, node: process.versions.node }, 1],
    ]);
    this.#gauge('process_start_time_seconds', 'When the process was started, since 1970.', [], () => [
      [{}, Math.round(Date.now() / 1000 - process.uptime())],
    ]);
    this.#gauge('process_resident_memory_bytes', 'Memory in RAM, of all threads.', [], () => [
      [{}, process.memoryUsage.rss()],
    ]);
    this.#counter('process_cpu_seconds_total', 'Processor time used, by all threads.', [], () => {
      const { user, system } = process.cpuUsage();
      return [[{}, (user + system) / 1e6]];
    });
    this.#counter(
      'mqttrep_http_displaced_total',
      'Connections to the status server closed to make room for others.',
      [],
      () => [[{}, displaced()]],
    );
    this.#counter(
      'mqttrep_actor_restarts_total',
      'Actors that crashed and were started again.',
      ['actor'],
      () => [
        [{ actor: 'reconciler' }, reconcilerRestarts()],
        ...measurements.brokers.map(({ name, record }): Sample => [{ actor: name }, record.restarts]),
      ],
    );
  }

  #describeBrokers(): void {
    const ofBrokers = (measureOf: (broker: BrokerState) => number) => () =>
      this.#deps.measurements.brokers.map((broker): Sample => [{ broker: broker.name }, measureOf(broker)]);
    this.#gauge(
      'mqttrep_broker_up',
      '1 where the broker is connected and subscribed, else 0.',
      ['broker'],
      ofBrokers(({ record }) => Number(record.state === 'ready')),
    );
    this.#gauge(
      'mqttrep_broker_parked',
      '1 where mqttrep does not connect: the thread of the broker crashed too often and rests for ten minutes, or the broker is known under another name, too. Else 0.',
      ['broker'],
      ofBrokers(({ record }) => Number(record.state === 'parked')),
    );
    this.#counter(
      'mqttrep_reconnects_total',
      'Connections to the broker after the first one.',
      ['broker'],
      ofBrokers(({ record }) => record.reconnects),
    );
    this.#counter(
      'mqttrep_messages_received_total',
      'Messages that the broker delivered, echoes of those published included.',
      ['broker'],
      ofBrokers(({ counts }) => counts?.received ?? 0),
    );
    this.#counter(
      'mqttrep_messages_published_total',
      'Messages published to the broker.',
      ['broker'],
      ofBrokers(({ counts }) => counts?.published ?? 0),
    );
    this.#counter(
      'mqttrep_messages_dropped_total',
      'Messages that were not replicated, or not taken by the broker.',
      ['broker', 'reason'],
      () => this.#dropped(),
    );
    this.#counter(
      'mqttrep_held_back_total',
      'How often a bound was met; what is beyond it waits, newest value only.',
      ['broker', 'bound'],
      () =>
        this.#deps.measurements.brokers.flatMap(({ name, heldBack }) =>
          Object.entries(heldBack).map(([bound, count]): Sample => [{ broker: name, bound }, count]),
        ),
    );
    this.#counter(
      'mqttrep_raced_writes_total',
      'Messages that met another write at the broker, so that their topic is looked at once it is quiet.',
      ['broker'],
      () => {
        const { brokers, reconcilerCounts } = this.#deps.measurements;
        return brokers.map(({ name }) => [{ broker: name }, reconcilerCounts?.racedWrites[name] ?? 0]);
      },
    );
    this.#counter(
      'mqttrep_vanished_total',
      'Topics that the broker held no more though nobody was heard deleting them, so that it was given them again.',
      ['broker'],
      () => {
        const { brokers, reconcilerCounts } = this.#deps.measurements;
        return brokers.map(({ name }) => [{ broker: name }, reconcilerCounts?.vanished[name] ?? 0]);
      },
    );
    this.#counter(
      'mqttrep_history_dropped_total',
      'Values that the broker held a moment ago and that were forgotten for want of room.',
      ['broker'],
      () => {
        const { brokers, reconcilerCounts } = this.#deps.measurements;
        return brokers.map(({ name }) => [{ broker: name }, reconcilerCounts?.historyDropped[name] ?? 0]);
      },
    );
    this.#gauge(
      'mqttrep_deletions_held',
      'Topics that the broker lacks, and that are deleted elsewhere only once a person confirms it.',
      ['broker'],
      ofBrokers(({ link }) => link?.deletionsHeld ?? 0),
    );
    this.#gauge(
      'mqttrep_unreadable',
      'Topics that the broker does not show, and that mqttrep may not be allowed to read there.',
      ['broker'],
      ofBrokers(({ link }) => link?.unreadable ?? 0),
    );
    this.#gauge(
      'mqttrep_replay_incomplete',
      '1 where the broker dropped a part of its replay and mqttrep has not read the rest yet, else 0.',
      ['broker'],
      ofBrokers(({ link }) => Number(link?.isReplayIncomplete ?? false)),
    );
    this.#gauge(
      'mqttrep_pending',
      'Publishes of which the echo has not been seen.',
      ['broker'],
      ofBrokers(({ link }) => link?.pending ?? 0),
    );
    this.#gauge(
      'mqttrep_waiting',
      'Topics that wait to be sent to the broker.',
      ['broker'],
      ofBrokers(({ link }) => link?.waiting ?? 0),
    );
    this.#gauge(
      'mqttrep_behind',
      'Topics of which the broker does not hold what it should.',
      ['broker'],
      ofBrokers(({ link }) => link?.behind ?? 0),
    );
    this.#gauge(
      'mqttrep_blocked',
      'Topics that the broker does not take.',
      ['broker'],
      ofBrokers(({ link }) => link?.blocked ?? 0),
    );
  }

  #describeTopics(): void {
    const { measurements } = this.#deps;
    this.#gauge('mqttrep_topics', 'Topics by how they are.', ['state'], () =>
      Object.entries(measurements.reconciler?.topics ?? {}).map(([state, count]) => [{ state }, count]),
    );
    this.#gauge('mqttrep_memory_bytes', 'Memory that topics take, as counted against the bound.', [], () => [
      [{}, measurements.reconciler?.memory.bytes ?? 0],
    ]);
    this.#gauge(
      'mqttrep_memory_limit_bytes',
      'Memory that topics may take: MQTTREP_MAX_MEMORY, or what follows from the heap.',
      [],
      () => [[{}, measurements.reconciler?.memory.bound ?? 0]],
    );
    this.#counter(
      'mqttrep_tombstones_evicted_total',
      'Remembered deletions that were forgotten before their time, to make room.',
      [],
      () => [[{}, measurements.reconcilerCounts?.tombstonesEvicted ?? 0]],
    );
    this.#counter(
      'mqttrep_conflicts_total',
      'Messages that lost against another one, by the comparator that decided.',
      ['decided_by'],
      () => {
        const conflicts = { arrival: 0, ...measurements.reconcilerCounts?.conflicts };
        return Object.entries(conflicts).map(([decided_by, count]) => [{ decided_by }, count]);
      },
    );
    this.#counter(
      'mqttrep_damped_total',
      'Messages that were held or dropped, since they came back each time that they were passed on.',
      [],
      () => [[{}, measurements.reconcilerCounts?.damped ?? 0]],
    );
    this.#counter('mqttrep_expired_total', 'Topics erased because their time was over.', [], () => [
      [{}, measurements.reconcilerCounts?.expired ?? 0],
    ]);
    this.#counter('mqttrep_store_failures_total', 'Commits that the store could not make.', [], () => [
      [{}, measurements.reconcilerCounts?.storeFailures ?? 0],
    ]);
  }

  #describeDurations(): void {
    const { measurements } = this.#deps;
    const ofReconciler = (
      name: string,
      help: string,
      bounds: readonly number[],
      which: 'convergence' | 'commits' | 'ticks',
    ) =>
      this.#registry.registerMetric(
        new CountedHistogram({
          name,
          help,
          bounds,
          counts: () => {
            const counts = measurements.reconcilerCounts?.[which];
            return counts === undefined ? [] : [[{}, counts] as const];
          },
        }),
      );
    ofReconciler(
      'mqttrep_convergence_seconds',
      'From the arrival of a change until every broker that is to have it was seen to hold it.',
      BOUNDS.convergence,
      'convergence',
    );
    ofReconciler(
      'mqttrep_store_commit_seconds',
      'How long the store took to make a commit durable.',
      BOUNDS.commit,
      'commits',
    );
    ofReconciler(
      'mqttrep_tick_seconds',
      'How long the reconciler was busy with a tick.',
      BOUNDS.tick,
      'ticks',
    );
    this.#registry.registerMetric(
      new CountedHistogram({
        name: 'mqttrep_rtt_seconds',
        help: 'From a publish to its acknowledgement, of one publish at a time.',
        bounds: BOUNDS.roundTrip,
        labelNames: ['broker'],
        counts: () =>
          measurements.brokers.flatMap(({ name, counts }) =>
            counts === undefined ? [] : [[{ broker: name }, counts.roundTrips] as const],
          ),
      }),
    );
  }

  #dropped(): Sample[] {
    const { brokers, reconcilerCounts } = this.#deps.measurements;
    return [
      ...brokers.flatMap(({ name, dropped }) =>
        Object.entries(dropped).map(([reason, count]): Sample => [{ broker: name, reason }, count]),
      ),
      ...Object.entries(reconcilerCounts?.refused ?? {}).map(
        ([reason, count]): Sample => [{ reason }, count],
      ),
    ];
  }

  #gauge(...description: Description): void {
    this.#describe(Gauge, description);
  }

  #counter(...description: Description): void {
    this.#describe(Counter, description);
  }

  /** The samples of an answer replace those of the last one: brokers come and go. */
  #describe(Kind: typeof Gauge | typeof Counter, [name, help, labelNames, samples]: Description): void {
    new Kind({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [labels, value] of samples()) this.inc(labels, value);
      },
    });
  }
}
