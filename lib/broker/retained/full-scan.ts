/**
 * A full scan: the broker shows all its retained topics once more, on a connection of its own. So mqttrep learns of messages
 * that the broker dropped on the main connection. A topic that is shown is present; a topic that is not shown may be there all
 * the same. If the broker drops a part again, the rest is read in parts, one after the other (part-plan.ts).
 */

import { isReplicable } from '../../core/filter.ts';
import type { Subscription } from '../../core/subscriptions.ts';
import type { FullScanResult } from '../../protocol/messages.ts';
import { type BrokerCapabilities, showsSentinel } from '../capabilities/broker-capabilities.ts';
import { Connection } from '../connection/connection.ts';
import type { ConnectionOptions } from '../connection/connection-options.ts';
import { Ingress, type IngressDeps } from '../incoming/ingress.ts';
import { PUBLISHED_FLAG } from '../incoming/retain-flag.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import { PartPlan } from './part-plan.ts';
import { Replay } from './replay.ts';
import type { Sentinel } from './sentinel.ts';

/** Longest duration of a full scan. The next one reads the rest. */
const SCAN_TIMEOUT_MS = 30 * 60_000;

export interface FullScanDeps {
  readonly options: ConnectionOptions;
  /** Opens its connection; `Connection.open` unless given. */
  readonly open?: (options: ConnectionOptions, signal: AbortSignal) => Promise<Connection>;
  readonly sentinel: Sentinel;
  readonly capabilities: BrokerCapabilities;
  /** The replay of the main connection was cut. */
  readonly isCut?: boolean;
  /** Parents of topics that may be there, to be read in parts. */
  readonly parents?: readonly string[];
  readonly subscriptions: readonly Subscription[];
  readonly ingress: Pick<IngressDeps, 'stamps' | 'controlPrefix' | 'modes' | 'bounds'>;
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

  /** Resolves at the end of the scan, however it ends. */
  async run(): Promise<FullScanResult> {
    const { subscriptions, isCut = false, parents = [] } = this.#deps;
    const plan = new PartPlan({ filters: subscriptions.map(({ filter }) => filter), isCut, parents });
    const ingress = this.#newIngress();
    let end: FullScanResult['outcome'] = 'interrupted';
    try {
      end = await this.#scan(plan, ingress);
    } catch {
      // The next scan shows the rest.
      this.#connection?.destroy();
    }
    ingress.flush();
    const { reads, unread, dropped } = plan.result;
    return { outcome: end, subscribes: reads, unreadFilters: unread, droppedLevels: dropped };
  }

  /** Ends the scan. */
  close(): void {
    this.#giveUp.abort();
    this.#connection?.destroy();
  }

  async #scan(plan: PartPlan, ingress: Ingress): Promise<FullScanResult['outcome']> {
    const { options, open = Connection.open, sentinel, ingress: shared } = this.#deps;
    const connection = await open(options, this.#giveUp.signal);
    this.#connection = connection;
    ingress.mode = {
      hasProperties: connection.protocolVersion === 5,
      isReplay: true,
      retainFlag: PUBLISHED_FLAG,
    };
    const replay = new Replay(connection, sentinel, undefined, this.#capabilities);
    connection.receive((packet: ReceivedMessage, done) => {
      if (replay.observe(packet) || !packet.retain) {
        done();
        return;
      }
      if (isReplicable(packet.topic, shared.controlPrefix)) plan.shown(packet.topic);
      ingress.take(packet, done);
    });
    await sentinel.place(connection);
    if (connection.hasEnded) throw new Error('the connection was closed when a control topic was written');
    const end = await this.#read(plan, replay);
    await replay.close();
    await connection.end();
    return end;
  }

  /** Only a broker that replays filter by filter can be read in parts: elsewhere nothing tells that a read was cut. */
  async #read(plan: PartPlan, replay: Replay): Promise<FullScanResult['outcome']> {
    const until = performance.now() + SCAN_TIMEOUT_MS;
    for (let filters = plan.next(); filters !== undefined; filters = plan.next()) {
      const end = await replay.read(filters);
      if (end === 'not known') return 'not known';
      plan.ended(end);
      if (performance.now() > until) return 'incomplete';
    }
    return plan.result.isComplete ? 'complete' : 'incomplete';
  }

  /** If the main connection lost the sentinel, this one trusts it once it is shown here. */
  get #capabilities(): BrokerCapabilities {
    const { capabilities } = this.#deps;
    if (showsSentinel(capabilities)) return capabilities;
    return { ...capabilities, replayFlag: undefined, lostSentinels: 0 };
  }

  #newIngress(): Ingress {
    const ingress = new Ingress({
      ...this.#deps.ingress,
      log: () => undefined,
      sampling: { period: 1_000, newestOnly: false },
      send: batch => {
        this.#deps.show(batch);
        // The reconciler is faster than the scan: it does not have to give credit.
        setImmediate(() => ingress.credit(1));
      },
    });
    return ingress;
  }
}
