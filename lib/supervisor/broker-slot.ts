/** What the supervisor knows of one broker: what its actor is started with, and the actor that runs. */

import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
import type { ControlOfBroker } from '../protocol/messages.ts';
import type { BrokerSettings, Mode } from '../protocol/settings.ts';
import type { Actor } from './actors.ts';
import { allSettledWithin } from './all-settled-within.ts';
import { LinkRecord } from './link-record.ts';
import { brokerSettings } from './settings.ts';

const GOODBYE_LIMIT = 2_000;

export class BrokerSlot {
  /** Undefined before it is started, and from when it was told to go. */
  actor: Actor<ControlOfBroker> | undefined;
  readonly link: LinkRecord;
  quiet: (() => void) | undefined;
  #settings: BrokerSettings;

  /** @param link how the link has been so far, if the broker is not new */
  constructor(settings: BrokerSettings, link = new LinkRecord()) {
    this.#settings = settings;
    this.link = link;
  }

  get name(): string {
    return this.#settings.name;
  }

  get settings(): BrokerSettings {
    return this.#settings;
  }

  /** Has the actor go on with settings for which the connection can stand. */
  change(settings: BrokerSettings): void {
    const { subscriptions, sampling } = settings;
    if (!isDeepStrictEqual(sampling, this.#settings.sampling))
      this.actor?.tell({ kind: 'sampling', sampling });
    if (!isDeepStrictEqual(subscriptions, this.#settings.subscriptions)) {
      this.actor?.tell({ kind: 'subscribe', subscriptions });
    }
    this.#settings = settings;
  }

  /** Whether its actor rests, since it crashed too often. */
  get isParked(): boolean {
    return this.link.state === 'parked';
  }

  /** Whether there is a connection now. */
  get isConnected(): boolean {
    return this.link.state === 'ready' || this.link.state === 'replaying';
  }

  /** Whether the broker gave a definite answer, be it a refusal. */
  get hasAnswered(): boolean {
    return this.link.state === 'ready' || this.link.state === 'refused' || this.isParked;
  }

  /** Takes no more messages in; resolves when what arrived before is with the reconciler. */
  quiesce(): Promise<void> {
    if (this.actor === undefined) return Promise.resolve();
    return new Promise(resolve => {
      this.quiet = resolve;
      this.actor?.tell({ kind: 'quiesce' });
    });
  }

  /** The broker is not connected to until the next configuration, for a reason. */
  park(reason: string): Promise<void> {
    this.link.park(reason);
    return this.dismiss();
  }

  /** Has the actor say goodbye, and ends its thread if it does not. */
  async dismiss(): Promise<void> {
    const { actor } = this;
    this.actor = undefined;
    if (actor === undefined) return;
    actor.tell({ kind: 'stop' });
    await allSettledWithin(GOODBYE_LIMIT, [actor.ended]);
    actor.kill();
  }
}

export interface PlannedSlot {
  readonly slot: BrokerSlot;
  /** What its actor is to be started with, or to go on with. */
  readonly settings: BrokerSettings;
}

/** A slot for each broker of a configuration; where the connection can stand it is the one that is known. */
export function planSlots(
  config: Config,
  known: ReadonlyMap<string, BrokerSlot>,
  mode: Mode,
  process: string,
): readonly PlannedSlot[] {
  return config.brokers.map(broker => {
    const former = known.get(broker.name);
    const settings = brokerSettings(broker, config, broker.options.clientId, mode, process);
    const stands = former !== undefined && isSameConnection(former.settings, settings);
    return { slot: stands ? former : new BrokerSlot(settings, former?.link), settings };
  });
}

/** Whether the connection can stand when the settings change so. */
function isSameConnection(a: BrokerSettings, b: BrokerSettings): boolean {
  const changeable = { subscriptions: undefined, sampling: undefined };
  return isDeepStrictEqual({ ...a, ...changeable }, { ...b, ...changeable });
}
