/** The reconciler, as the supervisor knows it: the actor that runs, and what it reported. */

import type { ControlOfReconciler, Undelivered } from '../protocol/control-messages.ts';
import type { BrokerPlace, ReconcilerSettings, StorePlace } from '../protocol/settings.ts';
import type { Actor } from './actors.ts';
import { allSettledWithin } from './all-settled-within.ts';

const CONFIGURE_TIMEOUT_MS = 5_000;

/** The time in which the reconciler has to send what waits. */
const DRAIN_TIMEOUT_MS = 3_000;

/** Longer, so that the reconciler can still report what it did not deliver. */
const END_TIMEOUT_MS = DRAIN_TIMEOUT_MS + 500;

export class ReconcilerSlot {
  /** Undefined before the start and after the end. */
  actor: Actor<ControlOfReconciler> | undefined;
  /** Restarts after crashes. */
  restarts: number;
  /** Actors that were started so far; the counters of each begin at 0. */
  actors: number;
  /** Called when the reconciler has taken over the last configuration it was told. */
  configured: (() => void) | undefined;
  /** What brokers had not accepted when the reconciler ended. */
  undelivered: readonly Undelivered[] | undefined;

  /** @param former the slot of the run before: its counts go on */
  constructor(former?: ReconcilerSlot) {
    this.restarts = former?.restarts ?? 0;
    this.actors = former?.actors ?? 0;
  }

  /** Has the reconciler continue with other settings and brokers. */
  async configure(settings: ReconcilerSettings, brokers: readonly BrokerPlace[]): Promise<void> {
    const done = new Promise<void>(resolve => {
      this.configured = resolve;
    });
    this.actor?.tell({ kind: 'configure', settings, brokers });
    await allSettledWithin(CONFIGURE_TIMEOUT_MS, [done]);
    this.configured = undefined;
  }

  /** Has the reconciler send what waits, and end. Returns what was not delivered, and what happens to it. */
  async drain(store: StorePlace): Promise<string | undefined> {
    if (this.actor === undefined) return undefined;
    this.actor.tell({ kind: 'stop', within: DRAIN_TIMEOUT_MS });
    await allSettledWithin(END_TIMEOUT_MS, [this.actor.ended]);
    if (this.undelivered === undefined)
      return 'the reconciler did not end in time: waiting messages may not be delivered';
    if (this.undelivered.length === 0) return undefined;
    const fate = store.kind === 'memory' ? 'they are lost' : 'they are sent at the next start';
    const brokers = this.undelivered.map(
      ({ name, messages }) => `${name} did not accept ${messages} messages in time`,
    );
    return `${brokers.join(', ')}; ${fate}`;
  }
}
