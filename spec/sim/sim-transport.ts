/**
 * How messages travel between a replicator and one broker: each is a timer.
 *
 * A cut loses all travelling messages in both directions, so a publish may be stored though its acknowledgement is lost. A clog
 * delays all messages, in their order, until it ends.
 */

export class SimTransport {
  /** Milliseconds each way. 0 counts as 1, since fake timers reorder timers of 0 ms. */
  latency: number;
  #session = 0;
  #isOpen = false;
  #heldUp: (() => void)[] | undefined;

  constructor(latency: number) {
    this.latency = latency;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The number of the current connection, or of what followed the last one. */
  get session(): number {
    return this.#session;
  }

  open(): void {
    this.#isOpen = true;
    this.#session++;
  }

  cut(): void {
    this.#isOpen = false;
    this.#session++;
    this.#heldUp = undefined;
  }

  clog(): void {
    if (this.#isOpen) this.#heldUp ??= [];
  }

  unclog(): void {
    const heldUp = this.#heldUp ?? [];
    this.#heldUp = undefined;
    for (const action of heldUp) action();
  }

  /** After the latency, in order, unless the connection is cut before. */
  later(action: () => void): void {
    this.unlessCut(() => {
      if (this.#heldUp === undefined) action();
      else this.#heldUp.push(action);
    }, this.latency);
  }

  /** After so many milliseconds, also while the link is clogged. */
  unlessCut(action: () => void, milliseconds: number): void {
    const session = this.#session;
    setTimeout(
      () => {
        if (session === this.#session) action();
      },
      Math.max(1, milliseconds),
    );
  }
}
