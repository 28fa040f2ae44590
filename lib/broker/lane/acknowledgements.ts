/**
 * The acknowledgements of received messages of QoS 1. Each message has an ordinal: 1 for the first one of the connection. By
 * default a message is acknowledged when its handler is done with it. Its user can hold acknowledgements instead, until what a
 * message says is durable, while reading goes on: `through` releases them up to an ordinal. They leave in the order of the
 * messages (MQTT 5 §4.6).
 */

/** A broker has no more packet identifiers than this. */
const MAX_HELD = 65_535;

export class Acknowledgements {
  readonly #write: (id: number) => void;
  /** The identifiers of unacknowledged messages; a ring buffer, whose size is a power of two. */
  #ids = new Uint16Array(64);
  /** The ordinal of the last message, and of the last one that was acknowledged. */
  #received = 0;
  #acknowledged = 0;
  #isHeld = false;

  /** @param write writes a PUBACK */
  constructor(write: (id: number) => void) {
    this.#write = write;
  }

  /** From now on messages are acknowledged by `through`. */
  hold(): void {
    this.#isHeld = true;
  }

  /** The ordinal of the last message. */
  get received(): number {
    return this.#received;
  }

  /** A message of QoS 1 arrived. Returns its ordinal; undefined if there are more unacknowledged ones than MQTT allows. */
  add(id: number): number | undefined {
    const held = this.#received - this.#acknowledged;
    if (held >= MAX_HELD) return undefined;
    if (held === this.#ids.length) this.#grow();
    this.#ids[this.#received % this.#ids.length] = id;
    return ++this.#received;
  }

  /** The handler is done with the message. */
  done(ordinal: number): void {
    if (!this.#isHeld) this.through(ordinal);
  }

  /** Acknowledges all messages up to this ordinal. */
  through(ordinal: number): void {
    const last = Math.min(ordinal, this.#received);
    while (this.#acknowledged < last)
      this.#write(this.#ids[this.#acknowledged++ % this.#ids.length] as number);
  }

  #grow(): void {
    const larger = new Uint16Array(this.#ids.length * 2);
    for (let at = this.#acknowledged; at < this.#received; at++)
      larger[at % larger.length] = this.#ids[at % this.#ids.length] as number;
    this.#ids = larger;
  }
}
