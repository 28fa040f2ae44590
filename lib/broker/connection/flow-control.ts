/**
 * Flow control (MQTT 5 §4.9): of all that one connection publishes with QoS 1 or 2, no more is in flight than the broker's
 * Receive Maximum. Whoever publishes goes through here: the outbox, the sentinel, the capability tests, the marker.
 *
 * Holds: publishes leave in the order in which they were handed over. What waits is bounded by those who publish, each of
 * whom waits for acknowledgements.
 */

export interface Sending {
  /** QoS 0 takes no place in the window, but waits for its turn. */
  readonly isAcknowledged: boolean;
  /** Sends it. `done` is to be called once, when it is acknowledged, written or failed. */
  readonly send: (done: () => void) => void;
}

export class FlowControl {
  readonly #window: number;
  readonly #queue: Sending[] = [];
  #inFlight = 0;
  #isSending = false;

  /** @param window publishes in flight at once, 1 at least */
  constructor(window: number) {
    this.#window = Math.max(1, window);
  }

  /** Publishes that wait for a place in the window. */
  get queued(): number {
    return this.#queue.length;
  }

  add(sending: Sending): void {
    if (this.#queue.length === 0 && this.#hasRoomFor(sending)) this.#send(sending);
    else this.#queue.push(sending);
  }

  /** The connection has ended: all that waits is let go, to fail by itself. */
  release(): void {
    for (const { send } of this.#queue.splice(0)) send(() => undefined);
  }

  #hasRoomFor({ isAcknowledged }: Sending): boolean {
    return !isAcknowledged || this.#inFlight < this.#window;
  }

  #send({ isAcknowledged, send }: Sending): void {
    if (!isAcknowledged) {
      send(() => undefined);
      return;
    }
    this.#inFlight++;
    send(() => {
      this.#inFlight--;
      this.#next();
    });
  }

  /** Not recursive: one that fails at once makes room for the next. */
  #next(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    for (let [next] = this.#queue; next !== undefined && this.#hasRoomFor(next); [next] = this.#queue) {
      this.#queue.shift();
      this.#send(next);
    }
    this.#isSending = false;
  }
}
