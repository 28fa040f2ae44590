/**
 * Which version of MQTT to ask for. mqttrep tries MQTT 5 first. It tries MQTT 3.1.1 if the broker refuses MQTT 5, closes the
 * connection without a CONNACK, or breaks the protocol. The version that worked is remembered as long as the process lives.
 */

export type ProtocolVersion = 3 | 4 | 5;

export const VERSION_NAMES: Readonly<Record<ProtocolVersion, string>> = {
  3: 'MQTT 3.1',
  4: 'MQTT 3.1.1',
  5: 'MQTT 5',
};

/** CONNACK codes for "unsupported protocol version": of MQTT 3.1.1 (§3.2.2.3) and of MQTT 5 (§3.2.2.2). */
const UNSUPPORTED = new Set([0x01, 0x84]);

/** How an attempt to connect failed. */
export interface ConnectFailure {
  /** The CONNACK reason or return code; undefined without a CONNACK. */
  readonly code: number | undefined;
  /** The network connection stood; the broker closed it, or was silent. */
  readonly wasConnected: boolean;
}

export class Negotiation {
  readonly #configured: ProtocolVersion | undefined;
  #next: ProtocolVersion;
  #agreed: ProtocolVersion | undefined;

  constructor(configured: ProtocolVersion | undefined) {
    this.#configured = configured;
    this.#next = configured ?? 5;
  }

  /** The version to ask for in the next attempt. */
  get version(): ProtocolVersion {
    return this.#agreed ?? this.#next;
  }

  succeeded(): void {
    this.#agreed = this.version;
  }

  /**
   * The broker sent a packet that the agreed version does not have. Returns whether another version is worth trying at once.
   */
  protocolError(): boolean {
    if (this.#configured !== undefined || this.#agreed !== 5) return false;
    this.#agreed = undefined;
    this.#next = 4;
    return true;
  }

  /** Returns whether another version is worth trying at once. */
  failed(failure: ConnectFailure): boolean {
    if (this.#configured !== undefined) return false;
    if (failure.code !== undefined) {
      if (!UNSUPPORTED.has(failure.code)) return false;
      // A broker that was replaced by one of another make may speak another version.
      this.#agreed = undefined;
      this.#next = this.#next === 5 ? 4 : 5;
      return this.#next === 4;
    }
    if (this.#agreed !== undefined || !failure.wasConnected) return false;
    this.#next = this.#next === 5 ? 4 : 5;
    return this.#next === 4;
  }
}
