/**
 * The event actor, as the supervisor knows it: the actor that runs, and its connection to each broker's worker. It runs if a
 * topic is an event topic, and goes on after a reload without one, to deliver what it still has.
 */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Config } from '../config/config.ts';
import type { Report } from '../protocol/control-messages.ts';
import type { ControlOfEvents } from '../protocol/event-messages.ts';
import type { Mode } from '../protocol/settings.ts';
import type { Actor, Actors } from './actors.ts';
import { allSettledWithin } from './all-settled-within.ts';
import { BrokerIndex } from './broker-index.ts';
import type { BrokerSlot } from './broker-slot.ts';
import { eventSettings } from './settings.ts';

const CONFIGURE_TIMEOUT_MS = 5_000;

/** For the last commit. */
const END_TIMEOUT_MS = 3_000;

export interface EventSlotDeps {
  readonly actors: Actors;
  readonly mode: Mode;
  readonly config: () => Config;
  readonly brokers: () => Iterable<BrokerSlot>;
  readonly reported: (report: Report) => void;
}

export class EventSlot {
  /** Undefined while there is none. */
  actor: Actor<ControlOfEvents> | undefined;
  /** Restarts after crashes. */
  restarts: number;
  /** Actors that were started so far; the counters of each begin at 0. */
  actorCount: number;
  /** It crashed too often and is restarted later. */
  isParked = false;
  /** Called when the actor has taken over the last configuration. */
  configured: (() => void) | undefined;
  readonly #deps: EventSlotDeps;
  /** The actor's own: it keeps its indexes when the reconciler is restarted. */
  #index: BrokerIndex | undefined;

  /** @param former the slot of the run before: its counts go on */
  constructor(deps: EventSlotDeps, former?: EventSlot) {
    this.#deps = deps;
    this.restarts = former?.restarts ?? 0;
    this.actorCount = former?.actorCount ?? 0;
  }

  /** Starts the actor, if a topic is an event topic. */
  startIfWanted(): void {
    // A dry run takes in no events: the brokers would keep a session for it.
    if (this.actor === undefined && this.#deps.mode !== 'dry-run') this.#start();
  }

  /** Connects the actor to the worker of a broker, which was started. */
  attach(slot: BrokerSlot): void {
    const { actor } = this;
    const broker = this.#index?.indexOf(slot.name) ?? -1;
    if (actor === undefined || broker < 0) return;
    const { port1, port2 } = new MessageChannel();
    actor.tell({ kind: 'attach', broker, port: port1 }, [port1]);
    slot.actor?.tell({ kind: 'attach-events', port: port2 }, [port2]);
  }

  /** Has the actor continue with another configuration, or starts it. Brokers' workers are attached afterwards. */
  async configure(config: Config): Promise<void> {
    const { actor } = this;
    if (actor === undefined || this.#index === undefined) return;
    const next = this.#index.next(config);
    if (next === undefined) {
      // No index is left for a new broker: a new actor begins with the indexes of today.
      await this.end();
      this.startIfWanted();
      return;
    }
    // Without an event filter, the actor goes on with the former settings, and delivers what it has.
    const settings = eventSettings(config, next.names);
    if (settings === undefined) return;
    this.#index = next;
    const done = new Promise<void>(resolve => {
      this.configured = resolve;
    });
    actor.tell({ kind: 'configure', settings, brokers: next.places });
    await allSettledWithin(CONFIGURE_TIMEOUT_MS, [done]);
    this.configured = undefined;
  }

  /** Has the actor store what it has, and end. */
  async end(): Promise<void> {
    const { actor } = this;
    if (actor === undefined) return;
    this.actor = undefined;
    actor.tell({ kind: 'stop' });
    await allSettledWithin(END_TIMEOUT_MS, [actor.ended]);
    actor.kill();
  }

  #start(): void {
    const { actors, config, brokers, reported } = this.#deps;
    const index = BrokerIndex.of(config());
    const { names, places } = index;
    const settings = eventSettings(config(), names);
    if (settings === undefined) return;
    const channels = places.map(place => ({ place, ...new MessageChannel() }));
    const actor: Actor<ControlOfEvents> = actors.run({
      name: 'the event actor',
      task: control => ({
        actor: 'events',
        control,
        brokers: channels.map(({ place, port1 }) => ({ ...place, port: port1 })),
        settings,
      }),
      reported,
      isWanted: () => this.actor === actor,
      restart: () => {
        this.restarts++;
        this.#start();
      },
      parked: () => {
        this.isParked = true;
      },
    });
    this.#index = index;
    this.actor = actor;
    this.actorCount++;
    this.isParked = false;
    const ports = new Map<string, MessagePort>(channels.map(({ place, port2 }) => [place.name, port2]));
    for (const slot of brokers()) {
      const port = ports.get(slot.name);
      if (port !== undefined) slot.actor?.tell({ kind: 'attach-events', port }, [port]);
    }
  }
}
