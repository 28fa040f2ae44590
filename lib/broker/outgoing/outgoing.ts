/**
 * What goes out to one broker: an outbox for each session, and what is learnt and counted over all of them. In
 * a dry run the outbox is a rehearsal.
 */

import type { QoS } from '../../core/policy.ts';
import type { Subscription } from '../../core/subscriptions.ts';
import type { PublishResults } from '../../protocol/messages.ts';
import type { Mode } from '../../protocol/settings.ts';
import type { Stamps } from '../../protocol/stamps.ts';
import type { BrokerLog } from '../broker-log.ts';
import type { Connection } from '../connection/connection.ts';
import { DryRunPublisher } from './dry-run-publisher.ts';
import { type ConfiguredLimits, Hangups } from './hangups.ts';
import { Outbox } from './outbox.ts';
import { OverdueTopics } from './overdue-topics.ts';
import { QuarantinePublisher } from './quarantine-publisher.ts';
import { RoundTrips } from './round-trips.ts';
import { type OpenSide, SideConnection } from './side-connection.ts';

/** What is on its way when a session ends and the connection stands has so many milliseconds to arrive. */
const SETTLE_LIMIT = 5_000;

export interface OutgoingDeps {
  readonly mode: Mode;
  /** With what topics begin that are mqttrep's own. */
  readonly controlPrefix: string;
  /** As configured. */
  readonly limits: ConfiguredLimits;
  readonly brokerLog: BrokerLog;
  readonly report: (settled: PublishResults) => void;
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
    const warn = (message: string) => deps.brokerLog.say('warn', message);
    this.#hangups = new Hangups(deps.limits, warn);
    this.#side = new SideConnection(warn);
  }

  /**
   * A session begins.
   * @param maxQos the highest that the broker grants, where that was found out
   * @param openSide opens a connection for quarantinePublisher; undefined where there is to be none
   */
  open(connection: Connection, stamps: Stamps, retains: boolean, maxQos: QoS = 2, openSide?: OpenSide): void {
    const { mode, controlPrefix, brokerLog, report } = this.#deps;
    this.#isProvoked = false;
    if (mode === 'dry-run') {
      this.#outbox = new DryRunPublisher({ report, log: message => brokerLog.say('info', message) });
      return;
    }
    const hangups = this.#hangups;
    const testQos = Math.min(maxQos, connection.limits.maxQos) as QoS;
    const quarantinePublisher = new QuarantinePublisher({
      side: this.#side,
      hangups,
      limits: { maxQos: testQos, retains, stamps },
      fence: `${controlPrefix}/fence`,
      isMainConnected: () => !connection.hasEnded,
      settled: (publication, refusal) => outbox.tried(publication, refusal),
      freed: (topic, publications) => outbox.freed(topic, publications),
      returned: publications => outbox.untried(publications),
    });
    const outbox: Outbox = new Outbox({
      connection,
      stamps,
      limits: { ...connection.limits, retains },
      hangups,
      quarantinePublisher,
      report,
      overdue: topics => {
        hangups.unanswered(this.#overdue.found(topics));
        brokerLog.say(
          'warn',
          `the broker has not acknowledged ${topics.length} messages, though it had the time; connecting again`,
        );
        connection.destroy();
      },
      roundTrips: this.roundTrips,
      controlPrefix,
    });
    this.#side.begin(openSide);
    this.#outbox = outbox;
    this.#quarantinePublisher = quarantinePublisher;
    outbox.lowerQos(maxQos);
  }

  /** Takes a batch of publications of the session. */
  add(batch: ArrayBuffer): void {
    this.#outbox?.add(batch);
  }

  /** MQTT 5 brokers say in CONNACK what may be published; others hang up on more than they grant. */
  grantedLess({ protocolVersion }: Connection, less: readonly Subscription[]): void {
    if (protocolVersion === 5) return;
    for (const { qos } of less) this.#outbox?.lowerQos(qos);
  }

  /** Whether the broker hung up while publishes of ours were in flight: then it may have hung up on these. */
  get isProvoked(): boolean {
    return this.#isProvoked;
  }

  /** The session ends. Where the connection stands, what is on its way arrives first, or the connection ends. */
  async close(connection: Connection): Promise<void> {
    const outbox = this.#outbox;
    if (outbox === undefined) return;
    if (!connection.hasEnded && !(await hasSettled(outbox, connection))) {
      connection.destroy();
      await connection.closed;
    }
    if (connection.wasHungUp && outbox instanceof Outbox) this.#hungUp(outbox);
    this.#before = this.counters;
    outbox.close();
    this.#quarantinePublisher?.close();
    this.#outbox = undefined;
    this.#quarantinePublisher = undefined;
  }

  #hungUp(outbox: Outbox): void {
    const now = performance.now();
    const { possibleCauses, isAlone } = outbox;
    const [first] = possibleCauses;
    const isTakeover = this.#side.mainEnded();
    this.#isProvoked = isTakeover || first !== undefined;
    if (isAlone && first !== undefined) this.#hangups.hungUpOnAlone(first, now);
    else this.#hangups.hungUp(possibleCauses, now);
  }

  /** Since the start of the actor. */
  get counters(): Counters {
    const sums: Record<string, number> = { ...this.#before };
    for (const [name, count] of Object.entries({
      ...this.#outbox?.counters,
      ...this.#quarantinePublisher?.counters,
    })) {
      sums[name] = (sums[name] ?? 0) + count;
    }
    return sums;
  }
}

async function hasSettled(outbox: Outbox | DryRunPublisher, connection: Connection): Promise<boolean> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>(resolve => {
    limit = setTimeout(() => resolve(false), SETTLE_LIMIT);
  });
  const settled = Promise.race([outbox.finish(), connection.closed]).then(() => true);
  const isSettled = await Promise.race([settled, late]);
  clearTimeout(limit);
  return isSettled;
}
