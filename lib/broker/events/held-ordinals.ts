/**
 * Which messages of one connection may be acknowledged. The event actor tells it for those that it gets; a message that stays
 * here may be acknowledged as soon as all before it are.
 */

export class HeldOrdinals {
  readonly #acknowledge: (ordinal: number) => void;
  /** Ascending: ordinals of messages that the actor does not get. */
  readonly #own: number[] = [];
  #through = 0;

  /** @param acknowledge writes the PUBACKs up to this ordinal */
  constructor(acknowledge: (ordinal: number) => void) {
    this.#acknowledge = acknowledge;
  }

  /** PUBACKs up to this ordinal are permitted. */
  get through(): number {
    return this.#through;
  }

  /** The actor does not get this message. */
  keep(ordinal: number): void {
    if (ordinal === 0) return;
    this.#own.push(ordinal);
    if (ordinal === this.#through + 1) this.durable(this.#through);
  }

  /** The actor permits the PUBACKs of its messages up to this ordinal. */
  durable(through: number): void {
    this.#through = Math.max(this.#through, through);
    for (let [next] = this.#own; next !== undefined && next <= this.#through + 1; [next] = this.#own) {
      this.#through = Math.max(this.#through, next);
      this.#own.shift();
    }
    this.#acknowledge(this.#through);
  }
}
