/**
 * A survey: the broker shows once more all that it retains, on a connection of its own, so that what it dropped
 * on its way to us is heard of. What it shows is there; what it does not show proves nothing.
 */

import type { Subscription } from '../../core/subscriptions.ts';
import type { ReplayOrder } from '../capabilities/replay-order-test.ts';
import { Connection, type ConnectionOptions } from '../connection/connection.ts';
import { Ingress, type IngressDeps } from '../incoming/ingress.ts';
import { Replay } from './replay.ts';
import type { Sentinel } from './sentinel.ts';

export interface FullScanDeps {
  readonly options: ConnectionOptions;
  /** Opens its connection; `Connection.open` unless given. */
  readonly open?: (options: ConnectionOptions, signal: AbortSignal) => Promise<Connection>;
  readonly sentinel: Sentinel;
  /** In which the broker shows what it retains. */
  readonly order: ReplayOrder;
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
  async run(): Promise<void> {
    const { options, open = Connection.open, sentinel, order, subscriptions, show } = this.#deps;
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
    try {
      const connection = await open(options, this.#giveUp.signal);
      this.#connection = connection;
      const mqtt5 = connection.protocolVersion === 5;
      // What bears no flag is left out.
      intake.mode = { mqtt5, liveFlag: 'as published', replaying: true };
      const replay = new Replay(connection, sentinel, undefined, order);
      connection.receive((packet, done) => {
        if (replay.observe(packet) || !packet.retain) done();
        else intake.take(packet, done);
      });
      await replay.begin();
      await replay.run(subscriptions);
      await connection.end();
    } catch {
      // What was not shown now is shown the next time.
      this.#connection?.destroy();
    }
    intake.flush();
  }

  /** Shows no more. */
  close(): void {
    this.#giveUp.abort();
    this.#connection?.destroy();
  }
}
