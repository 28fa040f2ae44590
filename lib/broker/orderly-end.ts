/**
 * Ends a connection so that the next one goes on where it stopped: the reconciler publishes no more, and what it has published is
 * completed. Otherwise transient messages in flight would be lost, because nobody knows whether the broker got them.
 */

import type { FromBroker } from '../protocol/messages.ts';
import type { Connection } from './connection/connection.ts';
import type { Outgoing } from './outgoing/outgoing.ts';
import type { Session } from './session.ts';
import { withTimeout } from './timing/with-timeout.ts';

/** Longest wait for the last publications: a commit may be in progress. */
const STOP_TIMEOUT_MS = 2_000;

export interface OrderlyEndDeps {
  readonly post: (message: FromBroker) => void;
  readonly outgoing: Pick<Outgoing, 'drain'>;
  /** Undefined between two sessions. */
  readonly session: () => Pick<Session, 'number'> | undefined;
}

export class OrderlyEnd {
  readonly #deps: OrderlyEndDeps;
  #awaited: { readonly session: number; readonly stopped: () => void } | undefined;

  constructor(deps: OrderlyEndDeps) {
    this.#deps = deps;
  }

  async of(connection: Connection): Promise<void> {
    const { post, outgoing, session } = this.#deps;
    const current = session();
    if (current !== undefined) {
      const stopped = new Promise<void>(resolve => {
        this.#awaited = { session: current.number, stopped: resolve };
      });
      post({ kind: 'stop-publishing' });
      await withTimeout(Promise.race([stopped, connection.closed]), STOP_TIMEOUT_MS, undefined);
      await outgoing.drain(connection);
    }
    await connection.end();
  }

  /** The reconciler has sent all publications of the session. */
  publishingStopped(session: number): void {
    if (this.#awaited?.session === session) this.#awaited.stopped();
  }
}
