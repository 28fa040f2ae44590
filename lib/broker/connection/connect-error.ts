/** There is no connection: the broker cannot be reached, or refuses it. */

import type { ConnectFailure } from './negotiation.ts';

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
}
