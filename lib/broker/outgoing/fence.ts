/**
 * Confirms publishes of QoS 0. They are not acknowledged, and a message that was written to a socket may be lost with the
 * connection. Brokers handle the packets of one connection in order. So a round trip after a publish proves that the publish
 * arrived. The round trip is an UNSUBSCRIBE from a topic that nobody subscribes to. Brokers answer each with an UNSUBACK
 * (MQTT 5 §3.10.4).
 *
 * One round trip is in flight at a time; later publishes wait for the next one. Publishes that wait when the connection ends
 * are not confirmed.
 */

export interface FenceDeps {
  /** Resolves with whether the broker answered in time. */
  readonly roundTrip: () => Promise<boolean>;
  readonly hasEnded: () => boolean;
  /** The broker does not answer; called with the number of waiting publishes. */
  readonly overdue: (count: number) => void;
}

export class Fence {
  readonly #deps: FenceDeps;
  /** Waiting for the next round trip. Bounded by the publishes that may be in flight. */
  #waiting: (() => void)[] = [];
  #isInFlight = false;
  #isClosed = false;

  constructor(deps: FenceDeps) {
    this.#deps = deps;
  }

  /** Calls `arrived` after a round trip that begins after this call; never, if the connection ends before. */
  behind(arrived: () => void): void {
    this.#waiting.push(arrived);
    if (!this.#isInFlight) void this.#go();
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
  }

  async #go(): Promise<void> {
    this.#isInFlight = true;
    while (this.#waiting.length > 0) {
      const arrived = this.#waiting.splice(0);
      const isAnswered = await this.#deps.roundTrip();
      if (this.#isClosed || this.#deps.hasEnded()) return;
      if (!isAnswered) {
        this.#deps.overdue(arrived.length);
        return;
      }
      for (const call of arrived) call();
    }
    this.#isInFlight = false;
  }
}
