/** A broker, as the supervisor knows it: the settings of its worker, and the actor that runs. */

import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
import type { ControlOfBroker } from '../protocol/control-messages.ts';
import type { BrokerSettings, Mode } from '../protocol/settings.ts';
import type { Actor } from './actors.ts';
import { allSettledWithin } from './all-settled-within.ts';
import { LinkRecord } from './link-record.ts';
import { brokerSettings } from './settings.ts';

const DISCONNECT_TIMEOUT_MS = 2_000;

export class BrokerSlot {
  /** Undefined before the start, and as soon as the worker has been told to stop. */
  actor: Actor<ControlOfBroker> | undefined;
  readonly link: LinkRecord;
  /** Called when the worker has quiesced. */
  quiesced: (() => void) | undefined;
  #settings: BrokerSettings;

  /** @param link the record of the link so far, if the broker is not new */
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

  /** Has the worker continue with settings that leave the connection as it is. */
  change(settings: BrokerSettings): void {
    const { subscriptions, sampling } = settings;
    if (!isDeepStrictEqual(sampling, this.#settings.sampling))
      this.actor?.tell({ kind: 'sampling', sampling });
    if (!isDeepStrictEqual(subscriptions, this.#settings.subscriptions)) {
      this.actor?.tell({ kind: 'subscribe', subscriptions });
    }
    if (!isDeepStrictEqual(eventPart(settings), eventPart(this.#settings)))
      this.actor?.tell({ kind: 'events', settings: eventPart(settings) });
    this.#settings = settings;
  }

  /** There is no connection, and no attempt to make one. */
  get isAtRest(): boolean {
    return this.link.state === 'parked' || this.isPaused;
  }

  get isPaused(): boolean {
    return this.link.state === 'paused';
  }

  get isConnected(): boolean {
    return this.link.state === 'ready' || this.link.state === 'replaying';
  }

  /** Whether the broker has accepted or refused the connection, or is parked or paused. */
  get hasAnswered(): boolean {
    return this.link.state === 'ready' || this.link.state === 'refused' || this.isAtRest;
  }

  /** Has the worker take in no more messages. Resolves when all earlier ones have reached the reconciler. */
  quiesce(): Promise<void> {
    if (this.actor === undefined) return Promise.resolve();
    return new Promise(resolve => {
      this.quiesced = resolve;
      this.actor?.tell({ kind: 'quiesce' });
    });
  }

  /** Disconnects from the broker until the next configuration. */
  park(reason: string): Promise<void> {
    this.link.park(reason);
    return this.dismiss();
  }

  /** Disconnects from the broker until a person resumes it. */
  pause(): Promise<void> {
    this.link.pause();
    return this.dismiss();
  }

  /** Has the worker disconnect and end, and ends its thread if it does not. */
  async dismiss(): Promise<void> {
    const { actor } = this;
    this.actor = undefined;
    if (actor === undefined) return;
    actor.tell({ kind: 'stop' });
    await allSettledWithin(DISCONNECT_TIMEOUT_MS, [actor.ended]);
    actor.kill();
  }
}

export interface PlannedSlot {
  readonly slot: BrokerSlot;
  /** The worker is to be started with these settings, or to continue with them. */
  readonly settings: BrokerSettings;
}

/**
 * Returns a slot for each broker of a configuration.
 * @param known slots by name; one is used again if its connection can stay as it is
 */
export function planSlots(
  config: Config,
  mode: Mode,
  process: string,
  known: ReadonlyMap<string, BrokerSlot> = new Map(),
): readonly PlannedSlot[] {
  return config.brokers.map(broker => {
    const former = known.get(broker.name);
    const planned = brokerSettings(broker, config, broker.options.clientId, mode, process);
    const settings = former === undefined ? planned : drainingEvents(planned, former.settings);
    const canStay = former !== undefined && isSameConnection(former.settings, settings);
    return { slot: canStay ? former : new BrokerSlot(settings, former?.link), settings };
  });
}

/** A broker that loses its part in event topics still gets the events that wait for it, until mqttrep starts the next time. */
function drainingEvents(settings: BrokerSettings, { events }: BrokerSettings): BrokerSettings {
  if (settings.events !== undefined || events === undefined) return settings;
  return { ...settings, events: { ...events, subscriptions: [], isDraining: true } };
}

function eventPart({ events, modes }: BrokerSettings): Pick<BrokerSettings, 'events' | 'modes'> {
  return { ...(events && { events }), ...(modes && { modes }) };
}

/** Whether a connection can stay as it is when its settings change from one to the other, or move to another place. */
function isSameConnection(a: BrokerSettings, b: BrokerSettings): boolean {
  const changeable = {
    ...{ subscriptions: undefined, sampling: undefined },
    ...{ events: undefined, modes: undefined, places: undefined },
  };
  return isDeepStrictEqual({ ...a, ...changeable }, { ...b, ...changeable });
}
