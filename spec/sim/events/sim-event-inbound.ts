/**
 * What a broker delivers on one event connection: batches go to the actor within its credit, and a PUBACK waits until it is durable.
 */

import { BatchWriter } from '../../../lib/protocol/batch.ts';
import { EVENT_BATCHES_AHEAD, type FromEventLink } from '../../../lib/protocol/event-messages.ts';
import { type Incoming, NO_PATH, writeIncoming } from '../../../lib/protocol/event-records.ts';
import type { Outgoing } from './sim-event-broker.ts';

export interface SimEventInboundDeps {
  readonly session: number;
  /** Of a mutant: a PUBACK does not wait. */
  readonly acknowledgesAtOnce: boolean;
  readonly tell: (message: FromEventLink) => void;
  /** Sends the PUBACK. */
  readonly acknowledge: (message: Outgoing) => void;
  readonly fenceReturned: () => void;
}

export class SimEventInbound {
  readonly #deps: SimEventInboundDeps;
  /** By ordinal, ascending: what has no PUBACK so far. */
  readonly #unacknowledged: { readonly ordinal: number; readonly message: Outgoing }[] = [];
  #ordinal = 0;
  #durable = 0;
  #credit = EVENT_BATCHES_AHEAD;
  #incoming: Incoming[] = [];

  constructor(deps: SimEventInboundDeps) {
    this.#deps = deps;
  }

  arrived(message: Outgoing): void {
    const ordinal = ++this.#ordinal;
    this.#unacknowledged.push({ ordinal, message });
    this.#incoming.push(incomingOf(message, ordinal));
    if (this.#deps.acknowledgesAtOnce) this.#durable = ordinal;
    this.#acknowledge();
    this.#flush();
  }

  durable(through: number): void {
    this.#durable = through;
    this.#acknowledge();
  }

  credit(batches: number): void {
    this.#credit += batches;
    this.#flush();
  }

  #flush(): void {
    if (this.#credit === 0 || this.#incoming.length === 0) return;
    this.#credit--;
    const writer = new BatchWriter();
    for (const incoming of this.#incoming) {
      writeIncoming(writer, incoming);
      if (incoming.kind === 'fence') this.#deps.fenceReturned();
    }
    this.#incoming = [];
    this.#deps.tell({ kind: 'events', session: this.#deps.session, batch: writer.take() });
  }

  #acknowledge(): void {
    for (let first = this.#unacknowledged[0]; first !== undefined; first = this.#unacknowledged[0]) {
      if (first.ordinal > this.#durable) return;
      this.#unacknowledged.shift();
      this.#deps.acknowledge(first.message);
    }
  }
}

function incomingOf(message: Outgoing, ordinal: number): Incoming {
  const { tag, isStamped, topic, payload, packetId, dup, path } = message;
  if (tag.fence !== undefined) {
    return { kind: 'fence', ordinal, nonce: tag.fence };
  }
  if (isStamped && tag.seq !== undefined && tag.node !== undefined)
    return { kind: 'echo', ordinal, id: { node: tag.node, seq: tag.seq } };
  return {
    kind: 'message',
    ordinal,
    packetId,
    dup,
    retain: false,
    topic,
    payload: Buffer.from(payload),
    properties: '',
    expiry: Number.POSITIVE_INFINITY,
    path: isStamped ? path : NO_PATH,
  };
}
