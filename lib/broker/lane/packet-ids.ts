/** Packet identifiers: those of the lane and those of MQTT.js are kept apart, so that each gets the answers to its own packets. */

/** MQTT.js has the identifiers below, for SUBSCRIBE, UNSUBSCRIBE and PUBLISH of QoS 2. */
const FIRST_OF_LANE = 0x4000;
const LAST = 0xffff;

/** What MQTT.js calls a message id provider. */
export class ClientPacketIds {
  #last = 0;

  allocate(): number {
    this.#last = this.#last + 1 < FIRST_OF_LANE ? this.#last + 1 : 1;
    return this.#last;
  }

  getLastAllocated(): number {
    return this.#last;
  }

  register(): boolean {
    return true;
  }

  deallocate(): void {
    // Identifiers are used in turn; far fewer than there are wait for an answer.
  }

  clear(): void {
    // As above.
  }
}

export class LanePacketIds {
  #last = LAST;

  /** The next identifier that is not in use. @throws RangeError if all are */
  next(used: { has(id: number): boolean }): number {
    for (let tries = FIRST_OF_LANE; tries <= LAST; tries++) {
      this.#last = this.#last === LAST ? FIRST_OF_LANE : this.#last + 1;
      if (!used.has(this.#last)) return this.#last;
    }
    throw new RangeError('all packet identifiers are in use');
  }
}
