/** Starts the actors of a run and connects each broker's worker to the reconciler by a pair of ports. */

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Config } from '../config/config.ts';
import type { ControlOfBroker, ControlOfReconciler, Report } from '../protocol/control-messages.ts';
import type { Mode } from '../protocol/settings.ts';
import type { Actor, Actors } from './actors.ts';
import { BrokerIndex } from './broker-index.ts';
import type { BrokerSlot } from './broker-slot.ts';
import type { EventSlot } from './event-slot.ts';
import type { ReconcilerSlot } from './reconciler-slot.ts';
import { reconcilerSettings } from './settings.ts';

export interface ActorLauncherDeps {
  readonly actors: Actors;
  readonly reconciler: ReconcilerSlot;
  readonly events: EventSlot;
  readonly mode: Mode;
  readonly config: () => Config;
  readonly brokers: () => Iterable<BrokerSlot>;
  /** @param slot of the broker whose worker reports; undefined for the reconciler */
  readonly reported: (report: Report, slot: BrokerSlot | undefined) => void;
}

export class ActorLauncher {
  readonly #deps: ActorLauncherDeps;
  #brokerIndex: BrokerIndex;

  constructor(deps: ActorLauncherDeps) {
    this.#deps = deps;
    this.#brokerIndex = BrokerIndex.of(deps.config());
  }

  get brokerIndex(): BrokerIndex {
    return this.#brokerIndex;
  }

  /** @throws RangeError if there is no index left for another broker; then nothing has changed */
  index(config: Config): void {
    const next = this.#brokerIndex.next(config);
    if (next === undefined)
      throw new RangeError('no more brokers can be added before a restart: removed ones keep their indexes');
    this.#brokerIndex = next;
  }

  startAll(): void {
    const ports = this.#startReconciler();
    for (const slot of this.#deps.brokers()) this.#startBroker(slot, this.#portOf(slot, ports));
    this.#deps.events.startIfWanted();
  }

  /** Starts the worker of a broker and connects it to the reconciler and the event actor that run. */
  launch(slot: BrokerSlot): void {
    slot.link.unpark();
    const { port1, port2 } = new MessageChannel();
    this.#attach(slot, port1);
    this.#startBroker(slot, port2);
    this.#deps.events.attach(slot);
  }

  /** The reconciler gets a port that leads nowhere, so that nothing it sends piles up meanwhile. */
  detach(slot: BrokerSlot): void {
    const { port1 } = new MessageChannel();
    this.#attach(slot, port1);
  }

  /** Returns the ports for the brokers' workers, by index. */
  #startReconciler(): readonly MessagePort[] {
    const { actors, reconciler, mode, config, reported } = this.#deps;
    // A new reconciler knows no broker by its index yet, so no index has to stay vacant.
    this.#brokerIndex = BrokerIndex.of(config());
    const { names, places } = this.#brokerIndex;
    const channels = places.map(place => ({ place, ...new MessageChannel() }));
    reconciler.actors++;
    reconciler.actor = actors.run<ControlOfReconciler>({
      name: 'the reconciler',
      task: control => ({
        actor: 'reconciler',
        control,
        brokers: channels.map(({ place, port1 }) => ({ name: place.name, rank: place.rank, port: port1 })),
        settings: reconcilerSettings(config(), names, mode),
      }),
      reported: report => reported(report, undefined),
      isWanted: () => true,
      restart: () => this.#restartReconciler(),
    });
    return channels.map(({ port2 }) => port2);
  }

  /** Each worker connects to its broker again, so that the new reconciler sees the replay. */
  #restartReconciler(): void {
    const { reconciler, brokers } = this.#deps;
    reconciler.restarts++;
    reconciler.configured?.();
    const ports = this.#startReconciler();
    for (const slot of brokers()) {
      const port = this.#portOf(slot, ports);
      slot.actor?.tell({ kind: 'attach', port }, [port]);
    }
  }

  #portOf({ name }: BrokerSlot, ports: readonly MessagePort[]): MessagePort {
    const port = ports[this.#brokerIndex.indexOf(name)];
    if (port === undefined) throw new RangeError(`there is no port for ${name}`);
    return port;
  }

  #startBroker(slot: BrokerSlot, reconciler: MessagePort): void {
    const { actors, reported } = this.#deps;
    const { settings } = slot;
    const actor: Actor<ControlOfBroker> = actors.run({
      name: slot.name,
      task: control => ({ actor: 'broker', control, reconciler, settings }),
      reported: report => reported(report, slot),
      isWanted: () => slot.actor === actor,
      restart: () => {
        slot.link.restarts++;
        this.launch(slot);
      },
      parked: reason => this.#parked(slot, reason),
    });
    slot.actor = actor;
    slot.link.actors++;
  }

  #parked(slot: BrokerSlot, reason: string): void {
    this.detach(slot);
    this.#deps.reported({ kind: 'link', state: 'parked', detail: reason }, slot);
  }

  #attach(slot: BrokerSlot, port: MessagePort): void {
    const broker = this.#brokerIndex.indexOf(slot.name);
    this.#deps.reconciler.actor?.tell({ kind: 'attach', broker, port }, [port]);
  }
}
