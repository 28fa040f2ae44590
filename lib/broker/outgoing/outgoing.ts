/**
 * What goes out to one broker: an outbox for each session, and what is learnt and counted over all of them. In
 * a dry run the outbox is a rehearsal.
 */

import type { QoS } from '../../core/policy.ts';
import type { Subscription } from '../../core/subscriptions.ts';
import type { Mode, Settled } from '../../protocol/messages.ts';
import type { Stamps } from '../../protocol/stamps.ts';
import type { Connection } from '../connection/connection.ts';
import type { Remarks } from '../remarks.ts';
import { Outbox } from './outbox.ts';
import { Rehearsal } from './rehearsal.ts';
import { RoundTrips } from './round-trips.ts';
import { Suspicions } from './suspicions.ts';

/** What is on its way when a session ends and the connection stands has so many milliseconds to arrive. */
const SETTLE_LIMIT = 5_000;

export interface OutgoingDeps {
  readonly mode: Mode;
  /** With what topics begin that are mqttrep's own. */
  readonly controlPrefix: string;
  readonly remarks: Remarks;
  readonly report: (settled: Settled) => void;
}

type Counters = Readonly<Record<string, number>>;

export class Outgoing {
  readonly roundTrips = new RoundTrips();
  readonly #deps: OutgoingDeps;
  readonly #suspicions = new Suspicions();
  #outbox: Outbox | Rehearsal | undefined;
  /** Of the outboxes of earlier sessions. */
  #before: Counters = {};

  constructor(deps: OutgoingDeps) {
    this.#deps = deps;
  }

  /**
   * A session begins.
   * @param maxQos the highest that the broker grants, where that was found out
   */
  open(connection: Connection, stamps: Stamps, retains: boolean, maxQos: QoS = 2): void {
    const { mode, controlPrefix, remarks, report } = this.#deps;
    if (mode === 'rehearse') {
      this.#outbox = new Rehearsal({ report, log: message => remarks.say('info', message) });
      return;
    }
    const suspected = this.#suspicions.sizeLimit(performance.now());
    const maximumPacketSize = Math.min(connection.limits.maximumPacketSize, suspected);
    this.#outbox = new Outbox({
      connection,
      stamps,
      limits: { ...connection.limits, maximumPacketSize, retains },
      suspicions: this.#suspicions,
      report,
      overdue: count => {
        remarks.say(
          'warn',
          `the broker has not acknowledged ${count} messages for a minute; connecting anew`,
        );
        connection.destroy();
      },
      roundTrips: this.roundTrips,
      controlPrefix,
    });
    this.#outbox.lowerQos(maxQos);
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

  /** The session ends. Where the connection stands, what is on its way arrives first, or the connection ends. */
  async close(connection: Connection, endedBy: 'us' | 'the other side'): Promise<void> {
    const outbox = this.#outbox;
    if (outbox === undefined) return;
    if (!connection.hasEnded && !(await hasSettled(outbox, connection))) {
      connection.destroy();
      await connection.closed;
    }
    const found =
      endedBy === 'us' ? undefined : this.#suspicions.hungUp(outbox.unacknowledged, performance.now());
    if (found !== undefined) this.#deps.remarks.say('warn', found);
    outbox.close();
    this.#before = this.counters;
    this.#outbox = undefined;
  }

  /** Since the start of the actor. */
  get counters(): Counters {
    const sums: Record<string, number> = { ...this.#before };
    for (const [name, count] of Object.entries(this.#outbox?.counters ?? {})) {
      sums[name] = (sums[name] ?? 0) + count;
    }
    return sums;
  }
}

async function hasSettled(outbox: Outbox | Rehearsal, connection: Connection): Promise<boolean> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>(resolve => {
    limit = setTimeout(() => resolve(false), SETTLE_LIMIT);
  });
  const settled = Promise.race([outbox.finish(), connection.closed]).then(() => true);
  const isSettled = await Promise.race([settled, late]);
  clearTimeout(limit);
  return isSettled;
}
