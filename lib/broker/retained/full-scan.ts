/**
 * A survey: the broker shows once more all that it retains, on a connection of its own, so that what it dropped
 * on its way to us is heard of. What it shows is there; what it does not show proves nothing. Where it drops a part again,
 * the rest is read in parts, one after the other (part-plan.ts).
 */

import { isReplicable } from '../../core/filter.ts';
import type { Subscription } from '../../core/subscriptions.ts';
import type { FullScanResult } from '../../protocol/messages.ts';
import type { ReplayOrder } from '../capabilities/replay-order-test.ts';
import { Connection, type ConnectionOptions } from '../connection/connection.ts';
import { Ingress, type IngressDeps } from '../incoming/ingress.ts';
import { PartPlan } from './part-plan.ts';
import { Replay, type ReplayFlags } from './replay.ts';
import type { Sentinel } from './sentinel.ts';

/** Longest time that one may take, in milliseconds. What is left then is read by the next one. */
const SURVEY_LIMIT_MS = 30 * 60_000;

export interface FullScanDeps {
  readonly options: ConnectionOptions;
  /** Opens its connection; `Connection.open` unless given. */
  readonly open?: (options: ConnectionOptions, signal: AbortSignal) => Promise<Connection>;
  readonly sentinel: Sentinel;
  /** In which the broker shows what it retains. */
  readonly order: ReplayOrder;
  /** Whether what it shows bears the retain flag, as far as is known: then the sentinel is waited for. */
  readonly flags?: ReplayFlags | undefined;
  /** The replay of the main connection was cut. */
  readonly isCut?: boolean;
  /** Parents of topics that may be there, to be read in parts. */
  readonly parents?: readonly string[];
  readonly subscriptions: readonly Subscription[];
  readonly intake: Pick<IngressDeps, 'stamps' | 'controlPrefix' | 'bounds'>;
  /** Takes packed observations. */
  readonly show: (batch: ArrayBuffer) => void;
}

export class FullScan {
  readonly #deps: FullScanDeps;
  readonly #giveUp = new AbortController();
  #connection: Connection | undefined;

  constructor(deps: FullScanDeps) {
    this.#deps = deps;
  }

  /** Resolves when all has been shown that will be, however it ends. */
  async run(): Promise<FullScanResult> {
    const { options, open = Connection.open, sentinel, order, flags, show } = this.#deps;
    const { subscriptions, isCut = false, parents = [] } = this.#deps;
    const filters = subscriptions.map(({ filter }) => filter);
    const plan = new PartPlan({ filters, isCut, parents });
    const intake = new Ingress({
      ...this.#deps.intake,
      log: () => undefined,
      sampling: { period: 1_000, newestOnly: false },
      send: batch => {
        show(batch);
        // It is looked at faster than it comes: credit has not to be waited for.
        setImmediate(() => intake.credit(1));
      },
    });
    let end: FullScanResult['outcome'] = 'interrupted';
    try {
      const connection = await open(options, this.#giveUp.signal);
      this.#connection = connection;
      const mqtt5 = connection.protocolVersion === 5;
      // What bears no flag is left out.
      intake.mode = { mqtt5, liveFlag: 'as published', replaying: true };
      const replay = new Replay(connection, sentinel, undefined, order, flags);
      connection.receive((packet, done) => {
        if (replay.observe(packet) || !packet.retain) {
          done();
          return;
        }
        if (isReplicable(packet.topic, this.#deps.intake.controlPrefix)) plan.shown(packet.topic);
        intake.take(packet, done);
      });
      await replay.begin();
      end = await this.#read(plan, replay);
      await replay.close();
      await connection.end();
    } catch {
      // What was not shown now is shown the next time.
      this.#connection?.destroy();
    }
    intake.flush();
    const { reads, unread, dropped } = plan.result;
    return { outcome: end, subscribes: reads, unreadFilters: unread, droppedLevels: dropped };
  }

  /** Only a broker that answers filter by filter can be read in parts: elsewhere nothing tells that a read was cut. */
  async #read(plan: PartPlan, replay: Replay): Promise<FullScanResult['outcome']> {
    const until = performance.now() + SURVEY_LIMIT_MS;
    for (let filters = plan.next(); filters !== undefined; filters = plan.next()) {
      const end = await replay.read(filters);
      if (end === 'not known') return 'not known';
      plan.ended(end);
      if (performance.now() > until) return 'incomplete';
    }
    return plan.result.isComplete ? 'complete' : 'incomplete';
  }

  /** Shows no more. */
  close(): void {
    this.#giveUp.abort();
    this.#connection?.destroy();
  }
}
