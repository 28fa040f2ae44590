/** What one event connection publishes: in order, with a window of publishes that are not acknowledged. */

import { type Delivery, NO_PATH } from '../../../lib/protocol/event-records.ts';
import type { SimMessage } from './sim-event-broker.ts';

/** Publishes that may be in flight. */
export const PUBLISH_WINDOW = 20;

export interface SimEventOutboxDeps {
  /** The broker returns stamps. */
  readonly isStamped: boolean;
  readonly node: () => string;
  /** Sends a message; calls back when the broker has acknowledged it. */
  readonly send: (message: SimMessage, acknowledged?: () => void) => void;
  /** An event is handed to the socket. */
  readonly publishing: (delivery: Delivery) => void;
  readonly acknowledged: (seq: number) => void;
  /** A fence or an event is sent. */
  readonly traffic: () => void;
}

export class SimEventOutbox {
  readonly #deps: SimEventOutboxDeps;
  /** Events and fences. */
  readonly #waiting: (Delivery | number)[] = [];
  readonly #inFlight = new Set<number>();

  constructor(deps: SimEventOutboxDeps) {
    this.#deps = deps;
  }

  add(...all: readonly (Delivery | number)[]): void {
    this.#waiting.push(...all);
    this.#publish();
  }

  #publish(): void {
    const { send, publishing, traffic } = this.#deps;
    while (this.#waiting.length > 0 && this.#inFlight.size < PUBLISH_WINDOW) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      traffic();
      if (typeof next === 'number') {
        send({ topic: 'fence', payload: '', tag: { fence: next }, isStamped: false, path: NO_PATH });
        continue;
      }
      publishing(next);
      this.#inFlight.add(next.seq);
      send(this.#messageOf(next), () => this.#acknowledged(next.seq));
    }
  }

  #messageOf({ topic, payload, seq, path }: Delivery): SimMessage {
    const { isStamped, node } = this.#deps;
    const tag = { seq, node: node() };
    return { topic, payload: payload.toString(), tag, isStamped, path: isStamped ? path : NO_PATH };
  }

  #acknowledged(seq: number): void {
    this.#inFlight.delete(seq);
    this.#deps.acknowledged(seq);
    this.#publish();
  }
}
