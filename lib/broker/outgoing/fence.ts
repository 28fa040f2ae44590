/**
 * With QoS 0 nothing is acknowledged, and what has been written to a socket may be lost with the connection. Brokers handle
 * the packets of one connection in their order, so a round trip behind a publish shows that it has arrived: an
 * UNSUBSCRIBE from a topic that nobody subscribes to, since an UNSUBACK is sent to each (MQTT 5 §3.10.4).
 *
 * One is under way at a time; what is published meanwhile waits for the next one. When the connection ends, what waits has
 * not been confirmed.
 */

export interface FenceDeps {
  /** Resolves with whether the broker has answered: it may not in time, or the connection may end before. */
  readonly roundTrip: () => Promise<boolean>;
  readonly hasEnded: () => boolean;
  /** The broker does not answer; told how many publishes wait for that. */
  readonly overdue: (count: number) => void;
}

export class Fence {
  readonly #deps: FenceDeps;
  /** What waits for the next round trip. Bounded by the publishes that may be in flight. */
  #waiting: (() => void)[] = [];
  #isInFlight = false;
  #isClosed = false;

  constructor(deps: FenceDeps) {
    this.#deps = deps;
  }

  /** Calls `arrived` once a round trip was made after this call; never, if the connection ends before. */
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
