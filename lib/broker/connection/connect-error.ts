/** There is no connection: the broker cannot be reached, or refuses it. */

import type { ConnectFailure } from './negotiation.ts';

export class ConnectError extends Error implements ConnectFailure {
  override name = 'ConnectError';
  readonly code: number | undefined;
  readonly wasConnected: boolean;

  constructor(message: string, failure: ConnectFailure) {
    super(message);
    this.code = failure.code;
    this.wasConnected = failure.wasConnected;
  }
}
