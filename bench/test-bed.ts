/**
 * The brokers, the subject that replicates between them, and the cost of both. Broker 0 is the source: the load is written
 * there and read at all others.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { Link } from '../spec/support/link.ts';
import type { TestBroker } from '../spec/support/test-broker.ts';
import { at, startBrokers, stopBrokers } from './brokers.ts';
import { Reader } from './client-process.ts';
import { ROOT } from './message.ts';
import { type Costs, costsOf, peakMegabytes, residentMegabytes, spentSince } from './process-cost.ts';
import { countDiverging } from './read-retained.ts';
import type { Running, Site, Subject } from './subjects/subject.ts';
import { Wire } from './wire.ts';

export interface TestBedOptions {
  /** The number of brokers. */
  readonly brokers: number;
  /** Lines for each mosquitto.conf. */
  readonly config: readonly string[];
  /** Whether the subject reaches the last broker over a link that the scenario can slow down or cut. */
  readonly lastBroker?: 'direct' | 'behind a link';
}

/** Longest wait for a first message to cross. */
const CROSSING_TIMEOUT_MS = 30_000;
const CROSSING_PERIOD_MS = 100;

export class TestBed {
  readonly #subject: Subject;
  readonly #config: readonly string[];
  /** One link to the last broker, and one from there to the source. A subject uses one of them. */
  readonly #links: readonly Link[];
  #brokers: readonly TestBroker[];
  #running: Running | undefined;
  readonly #readers = new Set<Reader>();

  static async build(
    subject: Subject,
    { brokers: count, config, lastBroker }: TestBedOptions,
  ): Promise<TestBed> {
    const brokers = await startBrokers(count, config);
    const linked = lastBroker === 'behind a link' ? [at(brokers, count - 1), at(brokers, 0)] : [];
    return new TestBed(subject, config, brokers, await Promise.all(linked.map(({ port }) => Link.to(port))));
  }

  private constructor(
    subject: Subject,
    config: readonly string[],
    brokers: readonly TestBroker[],
    links: readonly Link[],
  ) {
    this.#subject = subject;
    this.#config = config;
    this.#brokers = brokers;
    this.#links = links;
  }

  get source(): TestBroker {
    return at(this.#brokers, 0);
  }

  get others(): readonly TestBroker[] {
    return this.#brokers.slice(1);
  }

  /** Starts the subject and does not wait until it replicates. */
  async launch(): Promise<void> {
    this.#running = await this.#subject.launch(
      this.#brokers.map((broker, index) => this.#site(broker, index)),
    );
    this.#brokers = this.#running.brokers;
  }

  /** Starts the subject. Resolves when messages cross from the source to every other broker. */
  async join(): Promise<void> {
    await this.launch();
    await Promise.all(this.others.map(({ port }) => crossing(this.source.port, port)));
  }

  /** Starts one reader at each of the other brokers. */
  read(task: { readonly messages: number; readonly awaitedFrom: number }): Promise<Reader[]> {
    return Promise.all(
      this.others.map(async ({ port }) => {
        const reader = await Reader.at({ port, ...task });
        this.#readers.add(reader);
        return reader;
      }),
    );
  }

  /** Limits the link to the last broker, in each direction. */
  throttle(bytesPerSecond: number): void {
    for (const link of this.#links) link.bytesPerSecond = bytesPerSecond;
  }

  /** Cuts the link to the last broker until `heal` is called. */
  cut(): void {
    for (const link of this.#links) link.cut();
  }

  heal(): void {
    for (const link of this.#links) link.heal();
  }

  /** Kills the subject, and starts it again after so many milliseconds. @throws if this subject cannot */
  async killSubject(pauseMs: number): Promise<void> {
    const { kill } = this.#running ?? {};
    if (kill === undefined) throw new Error('this subject cannot be killed alone');
    await kill(pauseMs);
  }

  /** Kills the broker and starts it again without its data. */
  async wipe(broker: TestBroker): Promise<void> {
    await broker.kill();
    await broker.start();
  }

  costs(): Costs {
    return costsOf([...this.subjectPids, ...this.#brokerPids]);
  }

  /** Milliseconds of processor time since `before`. */
  spentSince(before: Costs): { readonly subject: number; readonly brokers: number } {
    return { subject: spentSince(before, this.subjectPids), brokers: spentSince(before, this.#brokerPids) };
  }

  /** Peak memory in megabytes. The subject's is NaN if the brokers do its work. */
  peak(): { readonly subject: number; readonly brokers: number } {
    const own = this.subjectPids;
    return {
      subject: own.length === 0 ? Number.NaN : peakMegabytes(own),
      brokers: peakMegabytes(this.#brokerPids),
    };
  }

  /** Resident memory in megabytes. `all` includes the brokers, because a bridge uses the memory of its broker. */
  resident(): { readonly subject: number; readonly all: number } {
    const own = this.subjectPids;
    return {
      subject: own.length === 0 ? Number.NaN : residentMegabytes(own),
      all: residentMegabytes([...own, ...this.#brokerPids]),
    };
  }

  /** Counts those of the first `topics` topics in which the brokers differ. */
  countDiverging(topics: number): Promise<number> {
    return countDiverging(
      this.#brokers.map(({ port }) => port),
      topics,
    );
  }

  /** Stops the subject, the readers, the links and the brokers. */
  async tearDown(): Promise<void> {
    for (const reader of this.#readers) reader.close();
    try {
      await this.#running?.stop();
    } finally {
      await Promise.all(this.#links.map(link => link.close()));
      await stopBrokers(this.#brokers);
    }
  }

  get subjectPids(): readonly number[] {
    return this.#running?.pids ?? [];
  }

  get #brokerPids(): number[] {
    return this.#brokers.flatMap(({ pid }) => pid ?? []);
  }

  #site(broker: TestBroker, index: number): Site {
    const [toLast, toSource] = index === this.#brokers.length - 1 ? this.#links : [];
    return {
      broker,
      config: this.#config,
      port: toLast?.port ?? broker.port,
      hubPort: toSource?.port ?? this.source.port,
    };
  }
}

/** Resolves when a message that is not retained has crossed from one broker to the other. @throws if none does in time */
async function crossing(from: number, to: number): Promise<void> {
  // The payload has no number, so readers ignore it.
  const topic = `${ROOT}/crossing-${to}`;
  let arrived = false;
  const reader = await Wire.open(to, `bench-crossing-${to}`, packets => {
    arrived ||= packets.some(({ cmd }) => cmd === 'publish');
  });
  reader.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] });
  const writer = await Wire.open(from, `bench-crossing-${to}`, () => undefined);
  const deadline = performance.now() + CROSSING_TIMEOUT_MS;
  while (!arrived && performance.now() < deadline) {
    writer.send({ cmd: 'publish', topic, payload: 'crossing', qos: 0, retain: false, dup: false });
    await wait(CROSSING_PERIOD_MS);
  }
  reader.end();
  writer.end();
  if (!arrived) throw new Error(`the subject passed on no message within ${CROSSING_TIMEOUT_MS / 1000} s`);
}
