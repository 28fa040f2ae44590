/** What the supervisor knows of the reconciler: the actor that runs, and what it said. */

import type { ControlOfReconciler, Undelivered } from '../protocol/messages.ts';
import type { BrokerPlace, ReconcilerSettings } from '../protocol/settings.ts';
import type { Actor } from './actors.ts';
import { allSettledWithin } from './all-settled-within.ts';

const CONFIGURE_LIMIT = 5_000;
const DRAIN_LIMIT = 4_000;

/** Longer than it was told that it may take, so that it can say what came of it. */
const END_LIMIT = DRAIN_LIMIT + 500;

export class ReconcilerSlot {
  /** Undefined before it is started. */
  actor: Actor<ControlOfReconciler> | undefined;
  /** After crashes. */
  restarts = 0;
  /** It goes on with the configuration that it was told last. */
  configured: (() => void) | undefined;
  /** What brokers had not taken at its end. */
  undelivered: readonly Undelivered[] | undefined;

  /** Has it go on with other settings and other brokers. */
  async configure(settings: ReconcilerSettings, brokers: readonly BrokerPlace[]): Promise<void> {
    const done = new Promise<void>(resolve => {
      this.configured = resolve;
    });
    this.actor?.tell({ kind: 'configure', settings, brokers });
    await allSettledWithin(CONFIGURE_LIMIT, [done]);
    this.configured = undefined;
  }

  /** Has it send what is waiting, and end. Returns what was not delivered, and what becomes of it in such a store. */
  async drain(store: string): Promise<string | undefined> {
    if (this.actor === undefined) return undefined;
    this.actor.tell({ kind: 'stop', within: DRAIN_LIMIT });
    await allSettledWithin(END_LIMIT, [this.actor.ended]);
    if (this.undelivered === undefined) return 'what waited was not delivered in time';
    if (this.undelivered.length === 0) return undefined;
    const fate = store === 'memory' ? 'it is lost' : 'it is sent at the next start';
    const brokers = this.undelivered.map(
      ({ name, messages }) => `${name} has not taken ${messages} messages in time`,
    );
    return `${brokers.join(', ')}; ${fate}`;
  }
}
