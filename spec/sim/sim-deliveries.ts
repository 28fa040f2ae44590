/** What a broker delivers to a replicator, as observations. Messages can be lost, come twice, or be conflated. */

import { BatchWriter } from '../../lib/protocol/batch.ts';
import type { FromBroker } from '../../lib/protocol/messages.ts';
import { writeObservation } from '../../lib/protocol/observation.ts';
import type { LinkFaults } from './link-faults.ts';
import type { SimBroker, SimMessage } from './sim-broker.ts';
import { type Burst, conflate } from './sim-burst.ts';
import { type Delivery, observationOf } from './sim-messages.ts';
import type { SimTransport } from './sim-transport.ts';

export interface SimDeliveriesDeps {
  readonly broker: SimBroker;
  readonly transport: SimTransport;
  readonly faults: LinkFaults;
  readonly receiver: () => { readonly replica: string; readonly isReplaying: boolean };
  readonly tell: (message: FromBroker) => void;
}

export class SimDeliveries {
  /** How many of the next messages are lost. */
  dropping = 0;
  /** The broker delivers each message twice, as brokers do for overlapping filters. */
  twice = false;
  readonly #deps: SimDeliveriesDeps;
  /** The number of messages that travel. */
  #queued = 0;
  /** Messages that come at once, while they are conflated. */
  #burst: Map<string | SimMessage, Burst> | undefined;

  constructor(deps: SimDeliveriesDeps) {
    this.#deps = deps;
  }

  /** The connection was cut: nothing travels. */
  cut(): void {
    this.#queued = 0;
  }

  deliver(message: SimMessage, delivery: Delivery): void {
    const { broker, transport } = this.#deps;
    if (!broker.isReadable(message.topic)) return;
    if (this.dropping > 0) {
      this.dropping--;
      return;
    }
    if (this.#queued >= broker.queue) return;
    this.#queued++;
    transport.later(() => {
      this.#queued--;
      this.#observe(message, delivery);
      if (this.twice) this.#observe(message, delivery);
    });
  }

  /** Conflates the live messages that arrive during the action, where the worker does so. */
  asBurst(action: () => void): void {
    const { mqtt5, liveFlag } = this.#deps.broker;
    if (mqtt5 && liveFlag === 'as published') this.#burst = new Map();
    action();
    const burst = this.#burst ?? new Map<string | SimMessage, Burst>();
    this.#burst = undefined;
    for (const { message, passedOver } of burst.values()) this.#observe(message, 'live', passedOver);
  }

  write(
    writer: BatchWriter,
    message: SimMessage,
    delivery: Delivery,
    passedOver: readonly string[] = [],
  ): void {
    const { broker, faults, receiver } = this.#deps;
    const observation = observationOf(broker, message, delivery, receiver());
    const isTold = passedOver.length > 0 && faults.tellsNothingPassedOver !== true;
    writeObservation(writer, isTold ? { ...observation, conflated: passedOver } : observation);
  }

  #observe(message: SimMessage, delivery: Delivery, passedOver?: readonly string[]): void {
    if (this.#burst !== undefined && delivery === 'live') {
      conflate(this.#burst, message);
      return;
    }
    const writer = new BatchWriter();
    this.write(writer, message, delivery, passedOver);
    this.#deps.tell({ kind: 'observations', batch: writer.take(), messages: 1 });
  }
}
