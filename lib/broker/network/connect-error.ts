/** There is no connection: the broker cannot be reached, or refuses it. */

import type { ConnectFailure } from './negotiation.ts';

/** CONNACK codes for wrong credentials or missing rights, of MQTT 3.1.1 and of MQTT 5. */
const NOT_AUTHORIZED: ReadonlySet<number | undefined> = new Set([0x04, 0x05, 0x86, 0x87, 0x8a, 0x8c]);

/** As well: the client id, and a quota (MQTT 3.1.1 §3.2.2.3, MQTT 5 §3.2.2.2). Brokers answer so that allow an account one connection. */
const NOT_ANOTHER: ReadonlySet<number | undefined> = new Set([...NOT_AUTHORIZED, 0x02, 0x85, 0x97]);

/** The `networkCode` of what gave no secret. */
export const SECRET_CODES = { file: 'SECRET_FILE', command: 'SECRET_COMMAND' } as const;

export class ConnectError extends Error implements ConnectFailure {
  override name = 'ConnectError';
  readonly code: number | undefined;
  readonly wasConnected: boolean;
  /** The code of an error of the network, of DNS or of TLS, such as `ENOTFOUND`. */
  readonly networkCode: string | undefined;

  constructor(message: string, failure: ConnectFailure, networkCode?: string) {
    super(message);
    this.networkCode = networkCode;
    this.code = failure.code;
    this.wasConnected = failure.wasConnected;
  }

  /** The broker answered, and does not permit the connection. */
  get isRefusal(): boolean {
    return NOT_AUTHORIZED.has(this.code);
  }

  /** If another connection of the account stands: the broker may allow no further one. It refuses it, or hangs up on its CONNECT. */
  get mayRefuseAnother(): boolean {
    return this.code === undefined ? this.wasConnected : NOT_ANOTHER.has(this.code);
  }
}
