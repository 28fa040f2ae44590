/**
 * What goes out to one broker: an outbox for each session, and what is learned and counted over all of them. In a dry run a
 * DryRunPublisher takes the place of the outbox.
 */

import type { QoS } from '../../core/policy.ts';
import type { Subscription } from '../../core/subscriptions.ts';
import type { Log, PublishResults } from '../../protocol/messages.ts';
import type { Mode } from '../../protocol/settings.ts';
import type { Stamps } from '../../protocol/stamps.ts';
import type { Connection } from '../connection/connection.ts';
import type { Pace } from '../connection/pace.ts';
import { withTimeout } from '../timing/with-timeout.ts';
import { DryRunPublisher } from './dry-run-publisher.ts';
import { type ConfiguredLimits, Hangups } from './hangups.ts';
import { Outbox } from './outbox.ts';
import { OverdueTopics } from './overdue-topics.ts';
import { QuarantinePublisher } from './quarantine-publisher.ts';
import { RoundTrips } from './round-trips.ts';
import { type OpenSide, SideConnection } from './side-connection.ts';

/** If a session ends and the connection stands, publishes in flight have this time to be completed. */
const COMPLETION_TIMEOUT_MS = 5_000;

export interface OutgoingDeps {
  readonly mode: Mode;
  /** The beginning of mqttrep's own topics. */
  readonly controlPrefix: string;
  /** As configured. */
  readonly limits: ConfiguredLimits;
  /** Undefined without a limit of the rate. */
  readonly pace?: Pace | undefined;
  readonly log: Log;
  readonly report: (results: PublishResults) => void;
}

export interface OutgoingSession {
  readonly connection: Connection;
  readonly stamps: Stamps;
  /** Whether the broker accepts retained messages. */
  readonly retains: boolean;
  /** The highest QoS of a publish, if the broker showed a limit. */
  readonly maxQos: QoS | undefined;
  /** Opens a connection for quarantined topics; undefined where the broker allows no second one. */
  readonly openSide: OpenSide | undefined;
}

type Counters = Readonly<Record<string, number>>;

export class Outgoing {
  readonly roundTrips = new RoundTrips();
  readonly #deps: OutgoingDeps;
  readonly #hangups: Hangups;
  readonly #side: SideConnection;
  readonly #overdue = new OverdueTopics();
  #outbox: Outbox | DryRunPublisher | undefined;
  #quarantinePublisher: QuarantinePublisher | undefined;
  #isProvoked = false;
  /** Of the outboxes of earlier sessions. */
  #before: Counters = {};

  constructor(deps: OutgoingDeps) {
    this.#deps = deps;
    const warn = (message: string) => deps.log('warn', message);
    this.#hangups = new Hangups(deps.limits, warn);
    this.#side = new SideConnection(warn);
  }

  /** Seconds in which something waited for the configured rate. */
  get waitedForRate(): number {
    return this.#deps.pace?.waitedSeconds ?? 0;
  }

  /** Limits that the broker showed by hanging up; Infinity where nothing is known. */
  get learnedLimits(): ReturnType<Hangups['learned']> {
    return this.#hangups.learned(performance.now());
  }

  /** A session begins. */
  open(session: OutgoingSession): void {
    const { mode, log, report } = this.#deps;
    this.#isProvoked = false;
    if (mode === 'dry-run') {
      this.#outbox = new DryRunPublisher({ report, log: message => log('info', message) });
      return;
    }
    const { maxQos = 2, openSide } = session;
    const outbox: Outbox = this.#newOutbox(session, {
      accepts: bytes => quarantinePublisher.accepts(bytes),
      take: publication => quarantinePublisher.take(publication),
    });
    const quarantinePublisher = this.#newQuarantinePublisher(session, maxQos, outbox);
    this.#side.begin(openSide);
    this.#outbox = outbox;
    this.#quarantinePublisher = quarantinePublisher;
    outbox.lowerQos(maxQos);
  }

  /** Takes a batch of publications of the session. */
  add(batch: ArrayBuffer): void {
    this.#outbox?.add(batch);
  }

  /** Takes what waits to be reported; undefined if nothing does. */
  takeResults(): PublishResults | undefined {
    return this.#outbox?.takeResults();
  }

  /** An MQTT 5 broker names its maximum QoS in CONNACK. Others hang up on a higher QoS than they grant. */
  grantedLess({ protocolVersion }: Connection, less: readonly Subscription[]): void {
    if (protocolVersion === 5) return;
    for (const { qos } of less) this.#outbox?.lowerQos(qos);
  }

  /** The broker hung up while publishes of mqttrep were in flight: these may be the cause. */
  get isProvoked(): boolean {
    return this.#isProvoked;
  }

  /** Publishes what waits. Resolves when that is completed, or the connection has ended, or time is up. */
  async drain(connection: Connection): Promise<void> {
    const outbox = this.#outbox;
    if (outbox !== undefined) await isCompleted(outbox.drained(), connection);
  }

  /** The session ends. If the connection stands, publishes in flight are completed first, or the connection is closed. */
  async close(connection: Connection): Promise<void> {
    const outbox = this.#outbox;
    if (outbox === undefined) return;
    if (!connection.hasEnded && !(await isCompleted(outbox.finish(), connection))) {
      connection.destroy();
      await connection.closed;
    }
    if (connection.wasHungUp && outbox instanceof Outbox) await this.#hungUp(outbox);
    this.#before = this.counters;
    outbox.close();
    this.#quarantinePublisher?.close();
    this.#outbox = undefined;
    this.#quarantinePublisher = undefined;
  }

  /** Since the start of the actor. */
  get counters(): Counters {
    const sums: Record<string, number> = { ...this.#before };
    const current = { ...this.#outbox?.counters, ...this.#quarantinePublisher?.counters };
    for (const [name, count] of Object.entries(current)) sums[name] = (sums[name] ?? 0) + count;
    return sums;
  }

  #newOutbox(
    { connection, stamps, retains }: OutgoingSession,
    quarantinePublisher: Pick<QuarantinePublisher, 'accepts' | 'take'>,
  ): Outbox {
    const { controlPrefix, log, report, pace, limits } = this.#deps;
    return new Outbox({
      connection,
      stamps,
      limits: { ...connection.limits, retains, acceptsDeletions: limits.acceptsDeletions ?? true },
      hangups: this.#hangups,
      quarantinePublisher,
      report,
      overdue: topics => {
        this.#hangups.unacknowledged(this.#overdue.found(topics));
        log('warn', `the broker has not acknowledged ${topics.length} messages in time; reconnecting`);
        connection.destroy();
      },
      roundTrips: this.roundTrips,
      controlPrefix,
      pace,
    });
  }

  #newQuarantinePublisher(
    { connection, stamps, retains }: OutgoingSession,
    maxQos: QoS,
    outbox: Outbox,
  ): QuarantinePublisher {
    return new QuarantinePublisher({
      side: this.#side,
      hangups: this.#hangups,
      limits: { maxQos: Math.min(maxQos, connection.limits.maxQos) as QoS, retains, stamps },
      fence: `${this.#deps.controlPrefix}/fence`,
      isMainConnected: () => !connection.hasEnded,
      pace: this.#deps.pace,
      completed: (publication, failure) => outbox.completedInQuarantine(publication, failure),
      freed: (topic, publications) => outbox.freed(topic, publications),
      returned: publications => outbox.returned(publications),
    });
  }

  async #hungUp(outbox: Outbox): Promise<void> {
    const now = performance.now();
    const { possibleCauses, isAlone } = outbox;
    const [first] = possibleCauses;
    const isTakeover = await this.#side.mainEnded();
    this.#isProvoked = isTakeover || first !== undefined;
    if (isAlone && first !== undefined) this.#hangups.hungUpOnAlone(first, now);
    else this.#hangups.hungUp(possibleCauses, now);
  }
}

async function isCompleted(publishes: Promise<void>, connection: Connection): Promise<boolean> {
  const completed = Promise.race([publishes, connection.closed]).then(() => true);
  return withTimeout(completed, COMPLETION_TIMEOUT_MS, false);
}
